/* Ships on the graphics card: one call draws all symbols, one all vectors, from the fleet's own array.
   The symbols are distance fields, so they are sharp at every density of pixels (experience.md 2.4; IEC 62288). */

import type { CustomLayerInterface, CustomRenderMethodInput, Map as Chart } from "maplibre-gl";
import { rgb, type Colours } from "./colours";
import { ANCHOR, STRIDE, type Fleet } from "./fleet";
import { type Size, View } from "./mercator";

const SYMBOL_VERTEX = `#version 300 es
uniform mat4 u_matrix; uniform vec2 u_px; uniform float u_px_per_m; uniform float u_scale;
in vec2 a_corner; in vec2 a_pos; in vec4 a_move; in vec2 a_kind;
out vec2 v_p; flat out float v_kind; flat out int v_flags; flat out vec2 v_hull;
void main() {
  v_kind = a_kind.x; v_flags = int(a_kind.y);
  float size = (v_flags & 1) != 0 ? 0.72 : 1.0;
  float half_l = clamp(a_move.w * u_px_per_m * 0.5, 7.0 * size, 90.0);
  v_hull = vec2(max(half_l * 0.16, 2.6), half_l);
  vec2 reach = v_kind == 1.0 ? v_hull + 6.0 : vec2(19.0, 26.0);
  if (v_kind == 1.0 && (v_flags & 6) != 0) reach = max(reach, vec2(19.0));
  v_p = a_corner * reach;
  float s = sin(a_move.x), c = cos(a_move.x);
  vec2 turned = vec2(v_p.x * c + v_p.y * s, v_p.y * c - v_p.x * s) * u_scale;
  gl_Position = u_matrix * vec4(a_pos, 0.0, 1.0);
  gl_Position.xy += turned * u_px * gl_Position.w;
  if (v_kind != 1.0) v_p /= size;
}`;

const SYMBOL_FRAGMENT = `#version 300 es
precision highp float;
uniform vec3 u_text, u_fill, u_hull, u_muted;
in vec2 v_p; flat in float v_kind; flat in int v_flags; flat in vec2 v_hull;
out vec4 colour;
float seg(vec2 p, vec2 a, vec2 b) {
  vec2 pa = p - a, ba = b - a;
  return length(pa - ba * clamp(dot(pa, ba) / dot(ba, ba), 0.0, 1.0));
}
float poly3(vec2 p, vec2 a, vec2 b, vec2 c) {
  vec2 e0 = b - a, e1 = c - b, e2 = a - c, v0 = p - a, v1 = p - b, v2 = p - c;
  vec2 q0 = v0 - e0 * clamp(dot(v0, e0) / dot(e0, e0), 0., 1.);
  vec2 q1 = v1 - e1 * clamp(dot(v1, e1) / dot(e1, e1), 0., 1.);
  vec2 q2 = v2 - e2 * clamp(dot(v2, e2) / dot(e2, e2), 0., 1.);
  float s = sign(e0.x * e2.y - e0.y * e2.x);
  vec2 d = min(min(vec2(dot(q0, q0), s * (v0.x * e0.y - v0.y * e0.x)),
                   vec2(dot(q1, q1), s * (v1.x * e1.y - v1.y * e1.x))),
                   vec2(dot(q2, q2), s * (v2.x * e2.y - v2.y * e2.x)));
  return -sqrt(d.x) * sign(d.y);
}
float box(vec2 p, vec2 b) { vec2 d = abs(p) - b; return length(max(d, 0.)) + min(max(d.x, d.y), 0.); }
float hull(vec2 p, vec2 h) {
  float bow = h.y - 2.2 * h.x;
  float body = box(p - vec2(0., (bow - h.y) * .5), vec2(h.x, (bow + h.y) * .5));
  return min(body, poly3(p, vec2(-h.x, bow - .01), vec2(0., h.y), vec2(h.x, bow - .01)));
}
void main() {
  float d = 1e3;
  if (v_kind == 0.) d = poly3(v_p, vec2(0., 11.), vec2(6., -8.), vec2(-6., -8.));
  else if (v_kind == 1.) d = hull(v_p, v_hull);
  else if (v_kind == 2.) d = length(v_p) - 4.5;
  else if (v_kind == 3.) d = box(v_p, vec2(4.));
  else if (v_kind == 4.) d = (abs(v_p.x) + abs(v_p.y)) * .7071 - 4.;
  else d = length(v_p) - 10.;
  float aa = fwidth(v_p.x) * .75 + 1e-4;
  bool moored = v_kind == 1.;
  bool unsure = (v_flags & 4) != 0, crossed = (v_flags & 2) != 0;
  vec3 line = moored || v_kind > 2.5 && v_kind < 4.5 ? u_muted : u_text;
  float width = moored || v_kind > 2.5 && v_kind < 4.5 ? .6 : .8;
  float ink = 1. - smoothstep(width - aa, width + aa, abs(d));
  if (v_kind == 0. && (v_flags & 8) != 0) ink = max(ink, 1. - smoothstep(.75 - aa, .75 + aa, seg(v_p, vec2(0., 11.), vec2(0., 24.))));
  if (crossed) {
    float x = min(seg(v_p, vec2(-9., -9.), vec2(9., 9.)), seg(v_p, vec2(-9., 9.), vec2(9., -9.)));
    ink = max(ink, 1. - smoothstep(.8 - aa, .8 + aa, x));
  }
  float solid = unsure ? 0. : 1. - smoothstep(-aa, aa, d);
  vec4 ground = vec4(moored ? u_hull : u_fill, 1.) * solid;
  vec4 over = vec4(line, 1.) * ink;
  if (unsure) {
    vec2 e = v_p / vec2(17., 12.);
    float ring = abs(length(e) - 1.) * 12.;
    over = max(over, vec4(u_muted, 1.) * (1. - smoothstep(.6 - aa, .6 + aa, ring)));
  }
  colour = over + ground * (1. - over.a);
  if (colour.a < .01) discard;
}`;

const VECTOR_VERTEX = `#version 300 es
uniform mat4 u_matrix; uniform vec2 u_px; uniform float u_px_per_m; uniform float u_seconds;
in vec2 a_corner; in vec2 a_pos; in vec4 a_move;
out vec2 v_p; flat out float v_len;
void main() {
  v_len = min(a_move.z * u_seconds * u_px_per_m, 420.0);
  if (v_len < 16.0) { gl_Position = vec4(2.0, 2.0, 2.0, 1.0); return; }
  v_p = vec2(a_corner.x * 2.0, (a_corner.y * .5 + .5) * v_len);
  float s = sin(a_move.y), c = cos(a_move.y);
  vec2 turned = vec2(v_p.x * c + v_p.y * s, v_p.y * c - v_p.x * s);
  gl_Position = u_matrix * vec4(a_pos, 0.0, 1.0);
  gl_Position.xy += turned * u_px * gl_Position.w;
}`;

const VECTOR_FRAGMENT = `#version 300 es
precision highp float;
uniform vec3 u_text;
in vec2 v_p; flat in float v_len;
out vec4 colour;
void main() {
  float aa = fwidth(v_p.x) * .75 + 1e-4;
  float on = 1. - smoothstep(.5 - aa, .5 + aa, abs(v_p.x));
  float dash = mod(v_p.y, 8.);
  on *= v_p.y > v_len - 1. || dash < 5. ? 1. : 0.;
  if (on < .02) discard;
  colour = vec4(u_text, 1.) * on;
}`;

const SIX_MINUTES_S = 360;

interface Program { id: WebGLProgram; array: WebGLVertexArrayObject; at: Record<string, WebGLUniformLocation | null> }

export class VesselsLayer implements CustomLayerInterface {
  readonly id = "vessels";
  readonly type = "custom" as const;
  readonly renderingMode = "2d" as const;
  spent_ms = 0;
  private map: Chart | null = null;
  private gl: WebGL2RenderingContext | null = null;
  private buffer: WebGLBuffer | null = null;
  private room = 0;
  private stale = true;
  private symbols: Program | null = null;
  private vectors: Program | null = null;

  constructor(private fleet: Fleet, private colours: Colours, private readonly size: Size) {}

  /** Say that the fleet changed; the next frame sends it. */
  touch(): void {
    this.stale = true;
  }

  /** Show another picture's fleet. */
  of(fleet: Fleet): void {
    this.fleet = fleet;
    this.stale = true;
  }

  paint(colours: Colours): void {
    this.colours = colours;
  }

  onAdd(map: Chart, gl: WebGL2RenderingContext): void {
    this.map = map;
    this.gl = gl;
    this.buffer = gl.createBuffer();
    const corners = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, corners);
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]), gl.STATIC_DRAW);
    this.symbols = this.build(gl, SYMBOL_VERTEX, SYMBOL_FRAGMENT, corners);
    this.vectors = this.build(gl, VECTOR_VERTEX, VECTOR_FRAGMENT, corners);
    this.room = 0;
    this.stale = true;
  }

  private build(gl: WebGL2RenderingContext, vertex: string, fragment: string, corners: WebGLBuffer | null): Program {
    const id = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]] as const) {
      const shader = gl.createShader(kind)!;
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(id, shader);
    }
    gl.linkProgram(id);
    if (!gl.getProgramParameter(id, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(id) ?? "shader");
    const array = gl.createVertexArray();
    gl.bindVertexArray(array);
    this.attribute(gl, id, "a_corner", corners, 2, 0, 0, 0);
    this.attribute(gl, id, "a_pos", this.buffer, 2, STRIDE * 4, 0, 1);
    this.attribute(gl, id, "a_move", this.buffer, 4, STRIDE * 4, 8, 1);
    this.attribute(gl, id, "a_kind", this.buffer, 2, STRIDE * 4, 24, 1);
    gl.bindVertexArray(null);
    const names = ["u_matrix", "u_px", "u_px_per_m", "u_scale", "u_seconds", "u_text", "u_fill", "u_hull", "u_muted"];
    return { id, array, at: Object.fromEntries(names.map((name) => [name, gl.getUniformLocation(id, name)])) };
  }

  private attribute(gl: WebGL2RenderingContext, id: WebGLProgram, name: string, buffer: WebGLBuffer | null,
    size: number, stride: number, from: number, divisor: number): void {
    const at = gl.getAttribLocation(id, name);
    if (at < 0) return;
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, size, gl.FLOAT, false, stride, from);
    gl.vertexAttribDivisor(at, divisor);
  }

  render(gl: WebGL2RenderingContext, input: CustomRenderMethodInput): void {
    if (!this.map || !this.symbols || !this.vectors || this.fleet.count === 0) return;
    const began = performance.now();
    this.send(gl);
    const view = View.of(this.map, this.size);
    const matrix = anchored(input.defaultProjectionData.mainMatrix as ArrayLike<number>);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.STENCIL_TEST);
    gl.disable(gl.CULL_FACE);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.run(gl, this.vectors, matrix, view);
    this.run(gl, this.symbols, matrix, view);
    gl.bindVertexArray(null);
    this.spent_ms += performance.now() - began;
  }

  private send(gl: WebGL2RenderingContext): void {
    if (!this.stale) return;
    const used = this.fleet.count * STRIDE;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    if (this.room < used) {
      this.room = this.fleet.gpu.length;
      gl.bufferData(gl.ARRAY_BUFFER, this.room * 4, gl.DYNAMIC_DRAW);
    }
    gl.bufferSubData(gl.ARRAY_BUFFER, 0, this.fleet.gpu, 0, used);
    this.stale = false;
  }

  private run(gl: WebGL2RenderingContext, p: Program, matrix: Float32Array, view: View): void {
    gl.useProgram(p.id);
    gl.bindVertexArray(p.array);
    gl.uniformMatrix4fv(p.at["u_matrix"] ?? null, false, matrix);
    gl.uniform2f(p.at["u_px"] ?? null, 2 / view.width, 2 / view.height);
    gl.uniform1f(p.at["u_px_per_m"] ?? null, view.px_per_m);
    gl.uniform1f(p.at["u_scale"] ?? null, Math.min(1, Math.max(0.4, (view.zoom - 3) / 6)));
    gl.uniform1f(p.at["u_seconds"] ?? null, SIX_MINUTES_S);
    gl.uniform3fv(p.at["u_text"] ?? null, rgb(this.colours.text));
    gl.uniform3fv(p.at["u_fill"] ?? null, rgb(this.colours.plot));
    gl.uniform3fv(p.at["u_hull"] ?? null, rgb(this.colours.build));
    gl.uniform3fv(p.at["u_muted"] ?? null, rgb(this.colours.muted));
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.fleet.count);
  }
}

/** Shift the map's matrix to the anchor in doubles, before single precision can lose anything. */
function anchored(m: ArrayLike<number>): Float32Array {
  const out = Float64Array.from(m);
  for (let row = 0; row < 4; row++) out[12 + row] = m[row]! * ANCHOR.x + m[4 + row]! * ANCHOR.y + m[12 + row]!;
  return Float32Array.from(out);
}
