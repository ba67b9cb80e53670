/* Web Mercator in doubles, and the view of a map that is never turned or tilted. */

import type { Map as Chart } from "maplibre-gl";

const TILE_PX = 512, EARTH_M = 40075016.686;

/** The way back: 0..1 to a longitude in degrees. */
export function degreesEast(mx: number): number {
  return mx * 360 - 180;
}

/** The way back: 0..1 to a latitude in degrees. */
export function degreesNorth(my: number): number {
  return (Math.atan(Math.sinh(Math.PI * (1 - 2 * my))) * 180) / Math.PI;
}

export interface Size { width: number; height: number }

/** Map a longitude in degrees to 0..1. */
export function mercatorX(lon: number): number {
  return (lon + 180) / 360;
}

/** Map a latitude in degrees to 0..1, north first. */
export function mercatorY(lat: number): number {
  const s = Math.sin((lat * Math.PI) / 180);
  return 0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI);
}

/** How the map stands now: from mercator to pixels of the page and back. */
export class View {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
  readonly px_per_m: number;

  constructor(readonly zoom: number, lat: number, lon: number, readonly width: number, readonly height: number) {
    this.scale = TILE_PX * 2 ** zoom;
    this.left = mercatorX(lon) - width / 2 / this.scale;
    this.top = mercatorY(lat) - height / 2 / this.scale;
    this.px_per_m = this.scale / (EARTH_M * Math.cos((lat * Math.PI) / 180));
  }

  /** Read the view of a map; the size of its canvas is given, for asking the page would make it lay itself out. */
  static of(map: Chart, size: Size): View {
    const centre = map.getCenter();
    return new View(map.getZoom(), centre.lat, centre.lng, size.width, size.height);
  }

  x(mx: number): number {
    return (mx - this.left) * this.scale;
  }

  y(my: number): number {
    return (my - this.top) * this.scale;
  }

  sees(x: number, y: number, margin: number): boolean {
    return x > -margin && y > -margin && x < this.width + margin && y < this.height + margin;
  }
}
