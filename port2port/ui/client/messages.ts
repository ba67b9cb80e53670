/* What the stream says: the shapes that the server writes (control/stream.py) and the worker passes on. */

export type Priority = "emergency" | "alarm" | "warning" | "caution";

export interface Hello { server_ms?: number; areas: string[] }

export interface OpenAlarm {
  id: string; priority: Priority; state: string; lat: number | null; lon: number | null;
  track?: number | null; subject?: string; silenced: boolean; raised_ms: number;
}

export interface Alarms {
  at_ms: number; changed?: string[]; open: OpenAlarm[]; unacked: number; sound: Priority | null;
}

export interface Beat { at_ms: number; feeds: { name: string; age_s: number | null }[]; oldest_s: number | null }

/** As the server writes it. */
export interface Tracks {
  area: string; picture: "live" | "replay"; full: boolean; at_ms: number;
  n: number[]; lat: number[]; lon: number[]; sog: number[]; cog: number[]; heading: number[];
  flags: number[]; seen: number[]; names: Record<string, [string, number, string, number, number, string]>;
  gone: number[];
}

/** As the worker passes it on: arrays that are copied in one piece instead of number by number. */
export interface Columns {
  area: string; picture: "live" | "replay"; full: boolean; at_ms: number; bytes: number;
  n: Uint32Array; lat: Float64Array; lon: Float64Array; sog: Uint16Array; cog: Uint16Array;
  heading: Uint16Array; flags: Uint16Array; seen: Float64Array;
  names: Tracks["names"]; gone: number[];
}

export type Link = "connecting" | "live" | "lost" | "signed-out";

export type FromStream =
  | { kind: "hello"; body: Hello }
  | { kind: "tracks"; body: Columns }
  | { kind: "alarms"; body: Alarms }
  | { kind: "beat"; body: Beat }
  | { kind: "link"; body: Link; since_ms: number };

export const CLASS_B = 1, LOST = 2, ALONGSIDE = 4, DOUBTFUL = 8, MARKER = 16, BASE = 32, OWN = 64;

/** Turn a message of numbers into columns. */
export function columns(t: Tracks, bytes: number): Columns {
  return {
    area: t.area, picture: t.picture, full: t.full, at_ms: t.at_ms, bytes,
    n: Uint32Array.from(t.n), lat: Float64Array.from(t.lat), lon: Float64Array.from(t.lon),
    sog: Uint16Array.from(t.sog), cog: Uint16Array.from(t.cog), heading: Uint16Array.from(t.heading),
    flags: Uint16Array.from(t.flags), seen: Float64Array.from(t.seen), names: t.names ?? {}, gone: t.gone ?? [],
  };
}
