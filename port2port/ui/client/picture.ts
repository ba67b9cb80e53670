/* The map as a whole: ground, ships, what lies over them, alarm marks; and what a pointer or a key may ask of it. */

import { Chart, type Scene } from "./chart";
import { readColours } from "./colours";
import { Fleet } from "./fleet";
import { mercatorX, mercatorY, type Size, View } from "./mercator";
import type { Columns, OpenAlarm } from "./messages";
import { Marks } from "./marks";
import { Overlay } from "./overlay";
import { VesselsLayer } from "./vessels_layer";
import { need, word } from "./words";

const PICK_PX = 14, CHOOSE_ZOOM = 13, CLOSE_ENOUGH = 9.5;

export class Picture {
  readonly fleets = { live: new Fleet(), replay: new Fleet() };
  shown: "live" | "replay" = "live";
  readonly ticks: number[] = [];
  chosen = "";
  tickCount = 0;
  private readonly chart: Chart;
  private readonly layer: VesselsLayer;
  private readonly overlay: Overlay;
  private readonly marks: Marks;
  private scene: Scene | null = null;
  private pending: { start: number; spent: number } | null = null;
  private drawing = false;
  private wanted = "";
  private address = "";
  private readonly visited = new Set<string>();
  private readonly size: Size = { width: 1, height: 1 };

  constructor(private readonly box: HTMLElement, private readonly choose: (track: string) => void,
    chooseAlarm: (id: string) => void) {
    const colours = readColours();
    this.chart = new Chart(need("#chart"), box.dataset["worker"] ?? "", colours, word("map-canvas"));
    this.layer = new VesselsLayer(this.fleet, colours, this.size);
    this.overlay = new Overlay(need<HTMLCanvasElement>("#overlay"), this.fleet, colours);
    this.marks = new Marks(need("#marks"), chooseAlarm);
    this.watch();
  }

  private view(): View {
    return View.of(this.chart.map, this.size);
  }

  private measure(): void {
    this.size.width = this.box.clientWidth;
    this.size.height = this.box.clientHeight;
  }

  /** The fleet of the picture that is shown. */
  get fleet(): Fleet {
    return this.fleets[this.shown];
  }

  /** Show the live picture or the replay; a replay never carries alarms. */
  turn(picture: "live" | "replay"): void {
    this.shown = picture;
    this.box.dataset["picture"] = picture;
    this.layer.of(this.fleet);
    this.overlay.of(this.fleet);
    this.unselect();
    for (const tab of this.box.querySelectorAll<HTMLElement>("[data-picture]")) {
      tab.setAttribute("aria-pressed", String(tab.dataset["picture"] === picture));
      tab.classList.toggle("on", tab.dataset["picture"] === picture);
    }
    if (picture === "replay") this.fitFleet();
    else this.fitArea();
  }

  private fitFleet(): void {
    const box = this.fleet.bounds();
    if (box) this.chart.map.fitBounds(box, { padding: 64, maxZoom: 13, animate: false });
  }

  private watch(): void {
    this.measure();
    const map = this.chart.map;
    map.on("render", () => this.over());
    map.on("click", (e) => this.click(e.point.x, e.point.y));
    map.on("mousemove", (e) => this.hover({ x: e.point.x, y: e.point.y }));
    map.on("mouseout", () => this.hover(null));
    map.on("zoomend", () => this.scale());
    map.on("moveend", () => this.remember());
    map.on("resize", () => {
      this.measure();
      map.triggerRepaint();
    });
  }

  /** Fetch and show an area. */
  async open(url: string): Promise<void> {
    const answer = await fetch(url, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`scene: ${answer.status}`);
    const scene = (await answer.json()) as Scene;
    this.scene = scene;
    this.address = url.split("?")[0] ?? url;
    this.visited.add(scene.area);
    this.overlay.show(scene, document.documentElement.lang);
    if (!this.recall()) this.fitArea(false);
    await this.chart.show(scene);
    this.chart.map.addLayer(this.layer);
    this.scale();
    need("#attribution").textContent = scene.attribution;
  }

  /** See that the sites and zones of an area are on the map: an alarm may lie in another area than the one shown. */
  async visit(area: string): Promise<void> {
    if (!area || !this.scene || this.visited.has(area)) return;
    this.visited.add(area);
    const answer = await fetch(`${this.address}?area=${encodeURIComponent(area)}`);
    if (!answer.ok) return;
    const scene = (await answer.json()) as Scene;
    this.chart.join(scene);
    this.overlay.join(scene, document.documentElement.lang);
    this.chart.map.triggerRepaint();
  }

  /** Take a message of positions: the one thing that happens every second. */
  take(columns: Columns): void {
    const start = performance.now();
    this.fleets[columns.picture].take(columns);
    need("#pictures").hidden = this.fleets.replay.count === 0;
    if (this.wanted && this.overlay.selected < 0) this.overlay.selected = this.fleet.byTrack(this.wanted);
    this.layer.touch();
    this.pending = { start: this.pending?.start ?? start, spent: (this.pending?.spent ?? 0) + performance.now() - start };
    this.chart.map.triggerRepaint();
  }

  /** Draw what lies over the map, and close the books of the tick this frame belongs to. */
  private over(): void {
    const before = this.overlay.spent_ms;
    const view = this.view();
    this.overlay.draw(view);
    if (this.overlay.isHungry) requestAnimationFrame(() => this.overlay.draw(this.view()));
    const started = performance.now();
    this.marks.place(view, this.fleet);
    const marks = performance.now() - started;
    if (!this.pending) {
      this.layer.spent_ms = 0;
      return;
    }
    const spent = this.pending.spent + (this.overlay.spent_ms - before) + marks + this.layer.spent_ms;
    this.layer.spent_ms = 0;
    performance.measure("p2p-tick", { start: this.pending.start, duration: spent });
    this.pending = null;
    this.tickCount++;
    this.ticks.push(spent);
    if (this.ticks.length > 600) this.ticks.shift();
  }

  alarms(open: OpenAlarm[]): void {
    this.overlay.alarmed = new Set(open.flatMap((a) => (typeof a.track === "number" ? [a.track] : [])));
    this.marks.set(open);
    this.chart.map.triggerRepaint();
  }

  paint(): void {
    const colours = readColours();
    this.chart.paint(colours);
    this.layer.paint(colours);
    this.overlay.paint(colours);
    this.chart.map.triggerRepaint();
  }

  /** Choose a vessel by its track; brackets follow it. */
  select(track: string, past: string, at: [number, number]): void {
    this.wanted = track;
    this.overlay.selected = this.fleet.byTrack(track);
    this.overlay.spot = Number.isFinite(at[0]) ? { mx: mercatorX(at[1]), my: mercatorY(at[0]) } : null;
    this.overlay.past = null;
    void this.fetchPast(track, past);
    this.chart.map.triggerRepaint();
  }

  /** Choose a place that is not a vessel. */
  selectSpot(lat: number, lon: number): void {
    this.wanted = "";
    this.overlay.selected = -1;
    this.overlay.past = null;
    this.overlay.spot = { mx: mercatorX(lon), my: mercatorY(lat) };
    this.chart.map.triggerRepaint();
  }

  unselect(): void {
    this.wanted = "";
    this.overlay.selected = -1;
    this.overlay.past = null;
    this.overlay.spot = null;
    this.chart.map.triggerRepaint();
  }

  private async fetchPast(track: string, url: string): Promise<void> {
    const answer = await fetch(url, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const body = (await answer.json()) as { lat: number[]; lon: number[] };
    this.overlay.past = {
      track, mx: Float64Array.from(body.lon, mercatorX), my: Float64Array.from(body.lat, mercatorY),
    };
    this.chart.map.triggerRepaint();
  }

  /** Bring a place into view, without moving when it is well in view already. */
  lookAt(lat: number, lon: number): void {
    const view = this.view();
    const x = view.x(mercatorX(lon)), y = view.y(mercatorY(lat));
    if (view.zoom >= CLOSE_ENOUGH && view.sees(x, y, -64)) return;
    this.chart.map.jumpTo({ center: [lon, lat], zoom: Math.max(view.zoom, CHOOSE_ZOOM) });
  }

  fit(): void {
    if (this.shown === "replay") this.fitFleet();
    else this.fitArea();
  }

  p95(): number {
    const sorted = [...this.ticks].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))] ?? 0;
  }

  /** Ships without ground: better than nothing. */
  withoutGround(): void {
    if (!this.chart.map.getLayer("vessels")) this.chart.map.addLayer(this.layer);
  }

  /** Show the whole area. */
  fitArea(forget = true): void {
    const scene = this.scene;
    if (!scene) return;
    const view = scene.view;
    if (view && !Array.isArray(view)) this.chart.map.jumpTo({ center: [view.lon, view.lat], zoom: view.zoom });
    else if (scene.bounds) this.chart.map.fitBounds(scene.bounds, { padding: 24, animate: false });
    if (forget) localStorage.removeItem(this.memory());
  }

  focus(): void {
    this.chart.map.getCanvas().focus();
  }

  private memory(): string {
    return `p2p-view-${this.scene?.area ?? ""}`;
  }

  private remember(): void {
    if (!this.scene || this.shown === "replay") return;
    const { lat, lng } = this.chart.map.getCenter();
    localStorage.setItem(this.memory(), JSON.stringify([lat, lng, this.chart.map.getZoom()]));
  }

  private recall(): boolean {
    const kept = localStorage.getItem(this.memory());
    if (!kept) return false;
    const [lat, lon, zoom] = JSON.parse(kept) as [number, number, number];
    if (![lat, lon, zoom].every(Number.isFinite)) return false;
    this.chart.map.jumpTo({ center: [lon, lat], zoom });
    return true;
  }

  private hover(at: { x: number; y: number } | null): void {
    this.overlay.pointer = at;
    if (this.drawing) return;
    this.drawing = true;
    requestAnimationFrame(() => {
      this.drawing = false;
      this.overlay.draw(this.view());
      const over = at !== null && this.nearest(at.x, at.y) >= 0;
      this.box.classList.toggle("on-ship", over);
    });
  }

  /** The slot nearest to a point, within reach of a finger; -1 is none. */
  private nearest(x: number, y: number): number {
    const view = this.view(), { mx, my, count } = this.fleet;
    let best = -1, least = PICK_PX * PICK_PX;
    for (let s = 0; s < count; s++) {
      const dx = view.x(mx[s]!) - x, dy = view.y(my[s]!) - y, d = dx * dx + dy * dy;
      if (d < least) {
        least = d;
        best = s;
      }
    }
    return best;
  }

  private click(x: number, y: number): void {
    const s = this.nearest(x, y);
    const title = s < 0 ? undefined : this.fleet.title(this.fleet.numbers[s]!);
    if (title) this.choose(title.track);
  }

  /** Keep the scale bar true: a round number of metres, and how long it is here. */
  private scale(): void {
    const view = this.view(), most_m = 120 / view.px_per_m;
    const power = 10 ** Math.floor(Math.log10(most_m));
    const metres = [5, 2, 1].map((n) => n * power).find((m) => m <= most_m) ?? power;
    need("#scale-bar").setAttribute("width", String(Math.round(metres * view.px_per_m)));
    need("#scale-words").textContent = metres >= 1000 ? `${metres / 1000} km` : `${metres} m`;
  }
}

/** Make the map, or say why there is none; everything else works without it. */
export function openPicture(box: HTMLElement, choose: (track: string) => void, chooseAlarm: (id: string) => void): Picture | null {
  try {
    return new Picture(box, choose, chooseAlarm);
  } catch {
    const trouble = need("#map-trouble");
    trouble.hidden = false;
    trouble.textContent = word("no-map");
    return null;
  }
}
