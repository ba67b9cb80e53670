/* The ground under the ships: land, water, plots, zones, fences as MapLibre layers in the theme's greys. */

import * as maplibregl from "maplibre-gl";
import type { Feature, FeatureCollection } from "geojson";
import type { Colours } from "./colours";

type Paint = Record<string, unknown>;
interface Layer { id: string; type: "fill" | "line"; source: string; paint: Paint; filter?: unknown; minzoom?: number; layout?: Paint }

export interface Scene {
  area: string; bounds: [number, number, number, number] | null; view: { lat: number; lon: number; zoom: number } | number[] | null;
  name: Record<string, string>; attribution: string;
  land: FeatureCollection; water: FeatureCollection; shores: FeatureCollection; works: FeatureCollection;
  facilities: FeatureCollection; zones: FeatureCollection; fences: FeatureCollection; gates: FeatureCollection;
  routes: FeatureCollection; labels: FeatureCollection;
}

/** What a scene has of its own area alone; the rest is the same in all. */
const OWN = ["facilities", "zones", "fences"] as const;

const SOURCES = ["land", "water", "shores", "works", "facilities", "zones", "fences"] as const;

/** Say how each layer is drawn in a theme; the order is from the ground up. */
function layers(c: Colours): Layer[] {
  const dashed = ["restricted", "no_fly", "notification", "anchorage"];
  const kind = (...kinds: string[]): unknown => ["in", ["get", "kind"], ["literal", kinds]];
  return [
    { id: "land", type: "fill", source: "land", paint: { "fill-color": c.land, "fill-antialias": true } },
    { id: "coast", type: "line", source: "land", minzoom: 5, paint: { "line-color": c.shore, "line-width": 1 } },
    { id: "plots", type: "fill", source: "facilities", paint: { "fill-color": c.plot } },
    { id: "roads", type: "line", source: "works", filter: kind("road"), minzoom: 11, paint: { "line-color": c.road, "line-width": 3 } },
    { id: "rails", type: "line", source: "works", filter: kind("railway"), minzoom: 11,
      paint: { "line-color": c.road, "line-width": 1.5, "line-dasharray": [4, 2] } },
    { id: "water", type: "fill", source: "water", paint: { "fill-color": c.water } },
    { id: "deep", type: "fill", source: "zones", filter: kind("fairway"), paint: { "fill-color": c.deep, "fill-antialias": false } },
    { id: "shores", type: "line", source: "shores", paint: { "line-color": c.shore, "line-width": 1 } },
    { id: "plot-edges", type: "line", source: "facilities", paint: { "line-color": c.line, "line-width": 1 } },
    { id: "works", type: "line", source: "works", filter: kind("quay", "breakwater", "jetty", "bridge"), minzoom: 10,
      paint: { "line-color": c.edge, "line-width": 1.5 } },
    { id: "hatch", type: "fill", source: "zones", filter: kind("restricted"), paint: { "fill-pattern": "hatch" } },
    { id: "zones", type: "line", source: "zones", filter: kind(...dashed),
      paint: { "line-color": c.muted, "line-width": 1.25, "line-dasharray": [6, 3] } },
    { id: "fences", type: "line", source: "fences", minzoom: 11.5, paint: { "line-color": c.muted, "line-width": 1.25 } },
    { id: "posts", type: "line", source: "fences", minzoom: 12.5,
      paint: { "line-color": c.muted, "line-width": 5, "line-dasharray": [0.2, 2.2] } },
  ];
}

/** Draw the hatch of a restricted zone: thin strokes at 45 degrees that join at every edge. */
function hatch(colour: string): ImageData {
  const size = 16, canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const pen = canvas.getContext("2d")!;
  pen.strokeStyle = colour;
  pen.globalAlpha = 0.55;
  pen.lineWidth = 1.5;
  for (const from of [-size, 0, size]) {
    pen.beginPath();
    pen.moveTo(from, size);
    pen.lineTo(from + size, 0);
    pen.stroke();
  }
  return pen.getImageData(0, 0, size, size);
}

export class Chart {
  readonly map: maplibregl.Map;
  private readonly held = new Map<string, Feature[]>();

  constructor(box: HTMLElement, worker: string, private colours: Colours, label: string) {
    maplibregl.setWorkerUrl(worker);
    maplibregl.setWorkerCount(1);
    this.map = new maplibregl.Map({
      container: box, center: [4.2, 51.2], zoom: 8, minZoom: 1, renderWorldCopies: false, maxZoom: 18, attributionControl: false,
      dragRotate: false, pitchWithRotate: false, touchPitch: false, maxPitch: 0, fadeDuration: 0,
      style: { version: 8, sources: {}, layers: [{ id: "ground", type: "background", paint: { "background-color": colours.water } }] },
      locale: { "Map.Title": label },
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
  }

  /** Put the scene of an area on the map, once it can take it. */
  async show(scene: Scene): Promise<void> {
    await this.ready();
    this.map.addImage("hatch", hatch(this.colours.muted), { pixelRatio: 2 });
    for (const name of SOURCES) {
      this.map.addSource(name, { type: "geojson", data: scene[name], tolerance: 0.2 });
    }
    for (const name of OWN) this.held.set(name, [...scene[name].features]);
    for (const layer of layers(this.colours)) this.map.addLayer(layer as maplibregl.AddLayerObject);
  }

  /** Add what only another area has: its sites, zones and fences. */
  join(scene: Scene): void {
    for (const name of OWN) {
      const held = this.held.get(name) ?? [];
      held.push(...scene[name].features);
      this.held.set(name, held);
      const source = this.map.getSource(name) as maplibregl.GeoJSONSource | undefined;
      source?.setData({ type: "FeatureCollection", features: held });
    }
  }

  private ready(): Promise<void> {
    return new Promise((resolve) => {
      if (this.map.isStyleLoaded()) resolve();
      else this.map.once("load", () => resolve());
    });
  }

  /** Change to the colours of another theme. */
  paint(colours: Colours): void {
    this.colours = colours;
    this.map.setPaintProperty("ground", "background-color", colours.water);
    if (!this.map.hasImage("hatch")) return;
    this.map.updateImage("hatch", hatch(colours.muted));
    for (const layer of layers(colours)) {
      for (const [key, value] of Object.entries(layer.paint)) this.map.setPaintProperty(layer.id, key as "fill-color", value as string);
    }
  }
}
