/* All targets as columns: one slot a track, so that a tick of five thousand touches no object. */

import { ALONGSIDE, BASE, CLASS_B, DOUBTFUL, LOST, MARKER, OWN, type Columns } from "./messages";
import { degreesEast, degreesNorth, mercatorX, mercatorY } from "./mercator";

export interface Name { track: string; mmsi: number; name: string; ship_type: number; length_m: number; callsign: string }

/** Where the arrays for the graphics card are counted from: single precision holds a centimetre around it. */
export const ANCHOR = { x: mercatorX(4.2), y: mercatorY(51.1) };

/** Numbers a vessel takes in the array for the graphics card. */
export const STRIDE = 8;

export const Shape = { UNDER_WAY: 0, HULL: 1, ROUND: 2, SQUARE: 3, DIAMOND: 4, OWN: 5 } as const;
export const SMALL = 1, CROSSED = 2, UNSURE = 4, HEADED = 8;

const NO_SOG = 1023, NO_COG = 3600, NO_HEADING = 511, KNOT_MS = 0.514444, STILL_TENTH_KN = 5;

export class Fleet {
  count = 0;
  private room = 1024;
  private readonly slots = new Map<number, number>();
  private readonly titles = new Map<number, Name>();
  private readonly tracks = new Map<string, number>();
  numbers = new Uint32Array(this.room);
  areas: string[] = [];
  mx = new Float64Array(this.room);
  my = new Float64Array(this.room);
  sog = new Uint16Array(this.room);
  cog = new Uint16Array(this.room);
  heading = new Uint16Array(this.room);
  flags = new Uint16Array(this.room);
  seen = new Float64Array(this.room);
  gpu = new Float32Array(this.room * STRIDE);

  /** Take a message of the stream in. */
  take(c: Columns): void {
    for (const [key, f] of Object.entries(c.names)) this.call(Number(key), f);
    const kept = c.full ? new Set<number>(c.n) : null;
    if (kept) this.forget(c.area, kept);
    for (let i = 0; i < c.n.length; i++) this.put(c, i);
    for (const n of c.gone) this.drop(n);
  }

  /** When the target was last heard that has been silent longest, in seconds since 1970; lost ones are not counted. */
  oldest(): number | null {
    let least = Infinity;
    for (let s = 0; s < this.count; s++) {
      if (!(this.flags[s]! & (LOST | BASE | MARKER)) && this.seen[s]! < least) least = this.seen[s]!;
    }
    return Number.isFinite(least) ? least : null;
  }

  /** The box around all targets: west, south, east, north in degrees. */
  bounds(): [number, number, number, number] | null {
    if (this.count === 0) return null;
    let w = 1, e = 0, n = 1, s = 0;
    for (let i = 0; i < this.count; i++) {
      w = Math.min(w, this.mx[i]!);
      e = Math.max(e, this.mx[i]!);
      n = Math.min(n, this.my[i]!);
      s = Math.max(s, this.my[i]!);
    }
    return [degreesEast(w), degreesNorth(s), degreesEast(e), degreesNorth(n)];
  }

  slot(n: number): number {
    return this.slots.get(n) ?? -1;
  }

  title(n: number): Name | undefined {
    return this.titles.get(n);
  }

  byTrack(track: string): number {
    return this.tracks.get(track) ?? -1;
  }

  private call(n: number, f: Columns["names"][string]): void {
    const [track, mmsi, name, ship_type, length_m, callsign] = f;
    this.titles.set(n, { track, mmsi, name, ship_type, length_m, callsign });
    this.tracks.set(track, n);
  }

  private forget(area: string, kept: Set<number>): void {
    for (let s = this.count - 1; s >= 0; s--) {
      const n = this.numbers[s]!;
      if (this.areas[s] === area && !kept.has(n)) this.drop(n);
    }
  }

  private put(c: Columns, i: number): void {
    const n = c.n[i]!;
    let s = this.slots.get(n);
    if (s === undefined) {
      if (this.count === this.room) this.grow();
      s = this.count++;
      this.slots.set(n, s);
      this.numbers[s] = n;
    }
    this.areas[s] = c.area;
    this.mx[s] = mercatorX(c.lon[i]!);
    this.my[s] = mercatorY(c.lat[i]!);
    this.sog[s] = c.sog[i]!;
    this.cog[s] = c.cog[i]!;
    this.heading[s] = c.heading[i]!;
    this.flags[s] = c.flags[i]!;
    this.seen[s] = c.seen[i]!;
    this.draw(s);
  }

  /** Fill the slot's numbers for the graphics card. */
  private draw(s: number): void {
    const at = s * STRIDE, gpu = this.gpu, flags = this.flags[s]!;
    const sog = this.sog[s]!, cog = this.cog[s]!, heading = this.heading[s]!;
    const moving = sog !== NO_SOG && sog > STILL_TENTH_KN && cog < NO_COG && !(flags & (LOST | ALONGSIDE));
    const headed = heading < 360;
    const points = headed ? heading : cog < NO_COG && moving ? cog / 10 : -1;
    const length_m = this.titles.get(this.numbers[s]!)?.length_m ?? 0;
    gpu[at] = this.mx[s]! - ANCHOR.x;
    gpu[at + 1] = this.my[s]! - ANCHOR.y;
    gpu[at + 2] = points < 0 ? 0 : (points * Math.PI) / 180;
    gpu[at + 3] = (cog / 1800) * Math.PI;
    gpu[at + 4] = moving ? (sog / 10) * KNOT_MS : 0;
    gpu[at + 5] = length_m || (flags & CLASS_B ? 12 : 60);
    gpu[at + 6] = shapeOf(flags, points >= 0);
    gpu[at + 7] = (flags & CLASS_B ? SMALL : 0) | (flags & LOST ? CROSSED : 0) | (flags & DOUBTFUL ? UNSURE : 0)
      | (headed && heading !== NO_HEADING ? HEADED : 0);
  }

  private drop(n: number): void {
    const s = this.slots.get(n);
    if (s === undefined) return;
    const last = --this.count;
    this.slots.delete(n);
    const title = this.titles.get(n);
    if (title) this.tracks.delete(title.track);
    this.titles.delete(n);
    if (s === last) return;
    const moved = this.numbers[last]!;
    for (const column of [this.numbers, this.mx, this.my, this.sog, this.cog, this.heading, this.flags, this.seen]) {
      column[s] = column[last]!;
    }
    this.areas[s] = this.areas[last]!;
    this.gpu.copyWithin(s * STRIDE, last * STRIDE, (last + 1) * STRIDE);
    this.slots.set(moved, s);
  }

  private grow(): void {
    this.room *= 2;
    const wider = <T extends Float64Array | Float32Array | Uint16Array | Uint32Array>(old: T, fresh: T): T => {
      fresh.set(old);
      return fresh;
    };
    this.numbers = wider(this.numbers, new Uint32Array(this.room));
    this.mx = wider(this.mx, new Float64Array(this.room));
    this.my = wider(this.my, new Float64Array(this.room));
    this.sog = wider(this.sog, new Uint16Array(this.room));
    this.cog = wider(this.cog, new Uint16Array(this.room));
    this.heading = wider(this.heading, new Uint16Array(this.room));
    this.flags = wider(this.flags, new Uint16Array(this.room));
    this.seen = wider(this.seen, new Float64Array(this.room));
    this.gpu = wider(this.gpu, new Float32Array(this.room * STRIDE));
  }
}

function shapeOf(flags: number, headed: boolean): number {
  if (flags & OWN) return Shape.OWN;
  if (flags & BASE) return Shape.SQUARE;
  if (flags & MARKER) return Shape.DIAMOND;
  if (flags & ALONGSIDE) return headed ? Shape.HULL : Shape.ROUND;
  return headed ? Shape.UNDER_WAY : Shape.ROUND;
}
