/* Names on the map, drawn once each onto a small canvas of their own and then only copied. */

export interface Style { font: string; fill: string; halo: string; tracking?: string }

interface Sprite { canvas: HTMLCanvasElement; width: number; height: number }

const MOST = 900, PAD = 3, NEW_A_FRAME = 12;

export class Sprites {
  private readonly kept = new Map<string, Sprite>();
  private allowed = NEW_A_FRAME;

  /** Begin a frame: it may make a few new names, so that no frame takes long. */
  begin(): void {
    this.allowed = NEW_A_FRAME;
  }

  /** Tell whether a name had to wait for the next frame. */
  get isHungry(): boolean {
    return this.allowed < 0;
  }

  constructor(private readonly ratio: number) {}

  /** Forget all, for another theme. */
  clear(): void {
    this.kept.clear();
  }

  /** Give a text as a picture with a halo, null when it has to wait for the next frame; the oldest are forgotten. */
  take(text: string, style: Style): Sprite | null {
    const key = `${style.font}|${style.fill}|${style.halo}|${text}`;
    const known = this.kept.get(key);
    if (known) return known;
    if (--this.allowed < 0) return null;
    if (this.kept.size >= MOST) this.kept.delete(this.kept.keys().next().value as string);
    const made = this.make(text, style);
    this.kept.set(key, made);
    return made;
  }

  private make(text: string, style: Style): Sprite {
    const canvas = document.createElement("canvas");
    const pen = canvas.getContext("2d")!;
    const dress = (): void => {
      pen.font = style.font;
      pen.letterSpacing = style.tracking ?? "0px";
    };
    dress();
    const size = parseInt(/(\d+)px/.exec(style.font)?.[1] ?? "11", 10);
    const width = Math.ceil(pen.measureText(text).width) + PAD * 2, height = size + PAD * 2 + 2;
    canvas.width = width * this.ratio;
    canvas.height = height * this.ratio;
    pen.scale(this.ratio, this.ratio);
    dress();
    pen.textBaseline = "alphabetic";
    pen.lineJoin = "round";
    pen.lineWidth = 3;
    pen.strokeStyle = style.halo;
    pen.strokeText(text, PAD, size + PAD - 2);
    pen.fillStyle = style.fill;
    pen.fillText(text, PAD, size + PAD - 2);
    return { canvas, width, height };
  }
}

/** Keeps labels from lying on each other: first come, first drawn, in cells of a coarse grid. */
export class Room {
  private readonly cells = new Map<number, [number, number, number, number][]>();

  /** Take the box if it is free. */
  take(left: number, top: number, width: number, height: number): boolean {
    const box: [number, number, number, number] = [left, top, left + width, top + height];
    const touched: number[] = [];
    for (let cx = left >> 6; cx <= (left + width) >> 6; cx++) {
      for (let cy = top >> 6; cy <= (top + height) >> 6; cy++) touched.push(cx * 4096 + cy);
    }
    for (const key of touched) {
      for (const other of this.cells.get(key) ?? []) {
        if (box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1]) return false;
      }
    }
    for (const key of touched) {
      const cell = this.cells.get(key);
      if (cell) cell.push(box);
      else this.cells.set(key, [box]);
    }
    return true;
  }
}
