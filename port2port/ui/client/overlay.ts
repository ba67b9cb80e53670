/* What lies over the ships: names, gates, the past of the chosen one, its brackets. One canvas, drawn with the map. */

import type { Feature, Point } from "geojson";
import type { Colours } from "./colours";
import type { Scene } from "./chart";
import type { Fleet } from "./fleet";
import { Room, Sprites, type Style } from "./labels";
import { ALONGSIDE, BASE, LOST, MARKER, OWN } from "./messages";
import { mercatorX, mercatorY, type View } from "./mercator";
import { decimal, span, word } from "./words";

export interface Spot { kind: string; mx: number; my: number; text: string; rank: number }
export interface Past { track: string; mx: Float64Array; my: Float64Array }

const MANY = 400, NEAR_PX = 90, MOST_NAMES = 140, MOST_ALARMED = 60, NO_SOG = 1023;

/** Least zoom at which a label of a kind is worth its room. */
const FROM_ZOOM: Record<string, number> = {
  water: 10.5, river: 9, facility: 11.5, town: 7.5, city: 6.5, village: 10.5, sea: 6.5, gate: 13.5,
};

export class Overlay {
  spent_ms = 0;
  selected = -1;
  alarmed = new Set<number>();
  past: Past | null = null;
  pointer: { x: number; y: number } | null = null;
  spot: { mx: number; my: number } | null = null;
  private spots: Spot[] = [];
  private gates: Spot[] = [];
  private readonly pen: CanvasRenderingContext2D;
  private readonly ratio = Math.min(2, window.devicePixelRatio || 1);
  private readonly sprites = new Sprites(this.ratio);
  private readonly sans: string;

  constructor(private readonly canvas: HTMLCanvasElement, private fleet: Fleet, private colours: Colours) {
    this.pen = canvas.getContext("2d")!;
    this.sans = getComputedStyle(document.documentElement).getPropertyValue("--sans") || "sans-serif";
  }

  /** Show another picture's fleet. */
  of(fleet: Fleet): void {
    this.fleet = fleet;
  }

  paint(colours: Colours): void {
    this.colours = colours;
    this.sprites.clear();
  }

  /** Take the names of a scene, in the reader's language. */
  show(scene: Scene, language: string): void {
    this.spots = scene.labels.features.map((f) => spotOf(f as Feature<Point>, language)).sort((a, b) => a.rank - b.rank);
    this.gates = scene.gates.features.map((f) => spotOf(f as Feature<Point>, language));
  }

  /** Tell whether some names are still to be drawn. */
  get isHungry(): boolean {
    return this.sprites.isHungry;
  }

  /** Add the names that only another area has. */
  join(scene: Scene, language: string): void {
    const sites = scene.labels.features.filter((f) => f.properties?.["kind"] === "facility");
    this.spots.push(...sites.map((f) => spotOf(f as Feature<Point>, language)));
    this.spots.sort((a, b) => a.rank - b.rank);
    this.gates.push(...scene.gates.features.map((f) => spotOf(f as Feature<Point>, language)));
  }

  /** Draw everything for a view. */
  draw(view: View): void {
    const began = performance.now();
    this.sprites.begin();
    this.fit(view);
    this.pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.pen.clearRect(0, 0, view.width, view.height);
    const room = new Room();
    this.drawPast(view);
    this.drawGates(view);
    this.drawOwn(view);
    this.drawShips(view, room);
    this.drawSpots(view, room);
    this.drawBrackets(view);
    this.spent_ms += performance.now() - began;
  }

  private fit(view: View): void {
    const w = Math.round(view.width * this.ratio), h = Math.round(view.height * this.ratio);
    if (this.canvas.width !== w || this.canvas.height !== h) {
      this.canvas.width = w;
      this.canvas.height = h;
    }
  }

  private stamp(text: string, x: number, y: number, style: Style, align: "left" | "centre" | "right" = "left"): void {
    const sprite = this.sprites.take(text, style);
    if (!sprite) return;
    const from = align === "left" ? x : align === "right" ? x - sprite.width : x - sprite.width / 2;
    this.pen.drawImage(sprite.canvas, Math.round(from), Math.round(y), sprite.width, sprite.height);
  }

  private get strong(): Style {
    return { font: `600 12px ${this.sans}`, fill: this.colours.text, halo: this.colours.water };
  }

  private get quiet(): Style {
    return { font: `400 11px ${this.sans}`, fill: this.colours.muted, halo: this.colours.water };
  }

  private drawSpots(view: View, room: Room): void {
    for (const spot of this.spots) {
      if (view.zoom < (FROM_ZOOM[spot.kind] ?? 9)) continue;
      const x = view.x(spot.mx), y = view.y(spot.my);
      if (!view.sees(x, y, 80)) continue;
      const style = this.spotStyle(spot.kind);
      const sprite = this.sprites.take(spot.text, style);
      if (!sprite || !room.take(x - sprite.width / 2, y - sprite.height / 2, sprite.width, sprite.height)) continue;
      this.stamp(spot.text, x, y - sprite.height / 2, style, "centre");
    }
  }

  private spotStyle(kind: string): Style {
    const c = this.colours;
    if (kind === "water" || kind === "sea") {
      return { font: `italic 400 13px ${this.sans}`, fill: c.muted, halo: c.water, tracking: "1px" };
    }
    if (kind === "facility") return { font: `600 12px ${this.sans}`, fill: c.text, halo: c.plot };
    return { font: `400 11px ${this.sans}`, fill: c.muted, halo: c.land };
  }

  private drawGates(view: View): void {
    if (view.zoom < 12.5) return;
    const pen = this.pen;
    pen.lineWidth = 1.25;
    for (const gate of this.gates) {
      const x = Math.round(view.x(gate.mx)), y = Math.round(view.y(gate.my));
      if (!view.sees(x, y, 20)) continue;
      pen.fillStyle = this.colours.surface;
      pen.strokeStyle = this.colours.text;
      pen.fillRect(x - 6, y - 6, 12, 12);
      pen.strokeRect(x - 6, y - 6, 12, 12);
      if (view.zoom >= 13.5) this.stamp(gate.text, x + 10, y - 9, this.quiet);
    }
  }

  private drawShips(view: View, room: Room): void {
    const all = this.fleet.count <= MANY;
    for (const n of this.alarmed) this.keepForMark(view, this.fleet.slot(n), room);
    let drawn = this.nameShip(view, this.fleet.slot(this.selected), room, true) ? 1 : 0;
    for (const n of this.alarmed) {
      if (drawn >= MOST_ALARMED) break;
      if (n !== this.selected && this.nameShip(view, this.fleet.slot(n), room, false)) drawn++;
    }
    if (view.zoom < 9.5 && !this.pointer) return;
    for (let s = 0; s < this.fleet.count && drawn < MOST_NAMES; s++) {
      if (!all && !this.nearPointer(view, s)) continue;
      if (view.zoom < 9.5 && !this.nearPointer(view, s)) continue;
      const n = this.fleet.numbers[s]!;
      if (n === this.selected || this.alarmed.has(n) || this.fleet.flags[s]! & (MARKER | BASE)) continue;
      if (this.nameShip(view, s, room, false)) drawn++;
    }
  }

  /** The letter in the frame of own and police units. */
  private drawOwn(view: View): void {
    if (view.zoom < 9) return;
    for (let s = 0; s < this.fleet.count; s++) {
      if (!(this.fleet.flags[s]! & OWN)) continue;
      const x = view.x(this.fleet.mx[s]!), y = view.y(this.fleet.my[s]!);
      if (view.sees(x, y, 12)) this.stamp("P", x, y - 9, { ...this.strong, halo: this.colours.plot }, "centre");
    }
  }

  /** No label may lie under an alarm's mark. */
  private keepForMark(view: View, s: number, room: Room): void {
    if (s >= 0) room.take(view.x(this.fleet.mx[s]!) - 22, view.y(this.fleet.my[s]!) - 22, 24, 24);
  }

  private nearPointer(view: View, s: number): boolean {
    if (!this.pointer) return false;
    const dx = view.x(this.fleet.mx[s]!) - this.pointer.x, dy = view.y(this.fleet.my[s]!) - this.pointer.y;
    return dx * dx + dy * dy < NEAR_PX * NEAR_PX;
  }

  private nameShip(view: View, s: number, room: Room, must: boolean): boolean {
    if (s < 0) return false;
    const x = view.x(this.fleet.mx[s]!), y = view.y(this.fleet.my[s]!);
    if (!view.sees(x, y, 40)) return false;
    const title = this.fleet.title(this.fleet.numbers[s]!);
    const name = title?.name || (title ? String(title.mmsi) : "");
    if (!name) return false;
    const moored = Boolean(this.fleet.flags[s]! & ALONGSIDE) && !must;
    const style = moored ? this.quiet : this.strong;
    const sprite = this.sprites.take(name, style);
    if (!sprite) return false;
    const second = moored ? "" : this.second(s);
    if (!room.take(x + 10, y + 8, sprite.width, second ? 28 : 16) && !must) return false;
    this.stamp(name, x + 10, y + 6, style);
    if (second) this.stamp(second, x + 10, y + 19, this.quiet);
    return true;
  }

  /** The second line: how fast, or since when it is lost. */
  private second(s: number): string {
    if (this.fleet.flags[s]! & LOST) {
      return word("lost", { age: span(Date.now() / 1000 - this.fleet.seen[s]!) });
    }
    const sog = this.fleet.sog[s]!;
    return sog === NO_SOG || sog === 0 ? "" : `${decimal(sog / 10)} kn`;
  }

  /** Past positions as dots that fade with age: the newest is the darkest. */
  private drawPast(view: View): void {
    if (!this.past) return;
    const { mx, my } = this.past, pen = this.pen;
    pen.fillStyle = this.colours.muted;
    let lastX = -99, lastY = -99;
    for (let i = mx.length - 1; i >= 0; i--) {
      const x = view.x(mx[i]!), y = view.y(my[i]!);
      if (Math.abs(x - lastX) + Math.abs(y - lastY) < 9 || !view.sees(x, y, 4)) continue;
      pen.globalAlpha = 0.25 + (0.75 * i) / mx.length;
      pen.beginPath();
      pen.arc(x, y, 1.7, 0, Math.PI * 2);
      pen.fill();
      lastX = x;
      lastY = y;
    }
    pen.globalAlpha = 1;
  }

  private drawBrackets(view: View): void {
    const s = this.fleet.slot(this.selected);
    const mx = s >= 0 ? this.fleet.mx[s]! : this.spot?.mx, my = s >= 0 ? this.fleet.my[s]! : this.spot?.my;
    if (mx === undefined || my === undefined) return;
    const x = Math.round(view.x(mx)), y = Math.round(view.y(my)), r = 24, arm = 10, pen = this.pen;
    pen.strokeStyle = this.colours.focus;
    pen.lineWidth = 2;
    pen.beginPath();
    for (const [sx, sy] of [[-1, -1], [1, -1], [1, 1], [-1, 1]] as const) {
      pen.moveTo(x + sx * r, y + sy * (r - arm));
      pen.lineTo(x + sx * r, y + sy * r);
      pen.lineTo(x + sx * (r - arm), y + sy * r);
    }
    pen.stroke();
  }
}

const RANKS: Record<string, number> = { sea: 0, city: 1, town: 2, facility: 3, water: 4, village: 5 };

function spotOf(feature: Feature<Point>, language: string): Spot {
  const facts = feature.properties ?? {}, [lon, lat] = feature.geometry.coordinates as [number, number];
  const names = facts["name"] as Record<string, string> | string | undefined;
  const text = typeof names === "string" ? names : names?.[language] ?? names?.["en"] ?? "";
  const kind = String(facts["kind"] ?? "");
  return { kind, mx: mercatorX(lon), my: mercatorY(lat), text, rank: RANKS[kind] ?? 6 };
}
