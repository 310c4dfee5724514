/**
 * Lines of many runs as densities of ink: what each run adds to a pixel can be taken away again.
 *
 * A pixel keeps how much ink lies on it and the sum of its colours; its opacity is that
 * of as many strokes on top of each other, its colour their mean. So the order of the
 * runs does not matter, a brush that moves costs the runs that it passes alone, and
 * all of it is done a few milliseconds per frame. A canvas's own strokes take ten times
 * as long where no graphics processor helps, and cannot be taken back.
 */

/** Lines from axis `first` to axis `last`; `left` pixels are scrolled away. */
export interface Course {
  xs: readonly number[];
  ys: readonly Float32Array[];
  first: number;
  last: number;
  left: number;
}

export interface Paint {
  /** The colour of each run, as a place in `colours`. */
  of: Uint8Array;
  colours: readonly { rgb: readonly [number, number, number]; dash: readonly number[] }[];
}

/** How ink looks: how opaque a single line is, and one colour for all if it is not their own. */
export interface Ink {
  opacity: number;
  rgb: readonly [number, number, number] | null;
}

const LINE_PX = 1.2;
/** Enough for a sharp picture, and few enough to be looked through within a frame. */
const MAX_PIXELS = 800_000;
/** Runs between two looks at the clock: stretch by stretch, so that its pixels stay in the cache. */
const BATCH = 128;
const SHADES_PER_STROKE = 32;
const MAX_STROKES = 128;
const NOTHING = 1 / SHADES_PER_STROKE;

export class DensityLayer {
  readonly canvas: HTMLCanvasElement;
  #width = 0;
  #height = 0;
  #ratio = 1;
  #image: ImageData | null = null;
  /** Column by column; of each pixel the ink, then red, green and blue times the ink. */
  #ink = new Float32Array();
  #course: Course = { xs: [], ys: [], first: 0, last: 0, left: 0 };
  #paint: Paint = { of: new Uint8Array(), colours: [] };
  #order: Uint32Array = new Uint32Array();
  /** By run: whether its line is on the layer. */
  #drawn = new Uint8Array();
  #pending: number[] = [];
  #next = 0;

  constructor(canvas: HTMLCanvasElement) {
    this.canvas = canvas;
  }

  /** Begin anew, with nothing on it, `width` by `height` CSS pixels; `order` is that of the runs. */
  begin(width: number, height: number, course: Course, paint: Paint, order: Uint32Array): void {
    this.#ratio = Math.min(devicePixelRatio || 1, Math.sqrt(MAX_PIXELS / (width * height)));
    const [w, h] = [Math.ceil(width * this.#ratio), Math.ceil(height * this.#ratio)];
    if (w !== this.#width || h !== this.#height) {
      [this.#width, this.#height] = [w, h];
      Object.assign(this.canvas, { width: w, height: h });
      Object.assign(this.canvas.style, { width: `${width}px`, height: `${height}px` });
      this.#image = new ImageData(w, h);
      this.#ink = new Float32Array(4 * w * h);
    } else this.#ink.fill(0);
    this.#course = course;
    this.#paint = paint;
    this.#order = order;
    this.#drawn = new Uint8Array(order.length);
    this.#pending = [];
    this.#next = 0;
  }

  /** These runs shall be on the layer, and no others. */
  want(runs: Uint8Array | "all"): void {
    this.#pending = [];
    this.#next = 0;
    for (const run of this.#order) {
      if (this.#drawn[run] !== (runs === "all" ? 1 : runs[run])) this.#pending.push(run);
    }
  }

  get isDone(): boolean {
    return this.#next >= this.#pending.length;
  }

  /** Put lines on the layer and take others away, until it is as wanted or `until` has come. */
  proceed(until: number): void {
    while (!this.isDone && performance.now() < until) {
      const batch = this.#pending.slice(this.#next, this.#next + BATCH);
      this.#trace(batch);
      for (const run of batch) this.#drawn[run]! ^= 1;
      this.#next += batch.length;
    }
  }

  /** Show what is on the layer. */
  show(ink: Ink): void {
    const image = this.#image;
    if (!image) return;
    const pixels = new Uint32Array(image.data.buffer);
    const alphas = opacities(ink.opacity);
    const own = ink.rgb ? (ink.rgb[2] << 16) | (ink.rgb[1] << 8) | ink.rgb[0] : null;
    const [width, height, inks] = [this.#width, this.#height, this.#ink];
    for (let x = 0, at = 0; x < width; x++) {
      for (let y = 0, out = x; y < height; y++, at += 4, out += width) {
        const amount = inks[at]!;
        if (amount < NOTHING) {
          pixels[out] = 0;
          continue;
        }
        const alpha = alphas[Math.min(alphas.length - 1, (amount * SHADES_PER_STROKE) | 0)]!;
        const rgb =
          own ?? (((inks[at + 3]! / amount) << 16) | ((inks[at + 2]! / amount) << 8) | (inks[at + 1]! / amount));
        pixels[out] = (alpha << 24) | rgb;
      }
    }
    this.canvas.getContext("2d")!.putImageData(image, 0, 0);
  }

  /** Put the lines of these runs on the layer, or take them away if they are on it. */
  #trace(runs: readonly number[]): void {
    const { xs, ys, first, last, left } = this.#course;
    const ratio = this.#ratio;
    const place = (axis: number) => (xs[axis]! - left) * ratio;
    if (ys.length === 1) {
      // A single axis has no lines: a short stroke across it for each run.
      const [from, to] = [place(0) - 8 * ratio, place(0) + 8 * ratio];
      for (const run of runs) this.#line(from, ys[0]![run]! * ratio, to, ys[0]![run]! * ratio, run);
      return;
    }
    for (let axis = first; axis < last; axis++) {
      const [from, to, a, b] = [place(axis), place(axis + 1), ys[axis]!, ys[axis + 1]!];
      for (const run of runs) this.#line(from, a[run]! * ratio, to, b[run]! * ratio, run);
    }
  }

  /** Ink along a line, in each column of pixels as much as the line covers of it. */
  #line(x0: number, y0: number, x1: number, y1: number, run: number): void {
    const { rgb, dash } = this.#paint.colours[this.#paint.of[run]!]!;
    const sign = this.#drawn[run] ? -1 : 1;
    const [red, green, blue] = rgb;
    const slope = (y1 - y0) / (x1 - x0);
    const half = (LINE_PX * this.#ratio) / 2;
    const [width, height, inks] = [this.#width, this.#height, this.#ink];
    const begin = Math.max(0, Math.ceil(x0));
    const end = Math.min(width, Math.ceil(x1));
    for (let x = begin; x < end; x++) {
      if (dash.length && !isOn(x, dash)) continue;
      const from = y0 + (x - x0) * slope;
      const to = x + 1 > x1 ? y1 : from + slope;
      const top = Math.max(0, (from < to ? from : to) - half);
      const bottom = Math.min(height - 1, (from < to ? to : from) + half);
      const last = bottom | 0;
      for (let y = top | 0; y <= last; y++) {
        const covered = sign * ((y + 1 < bottom ? y + 1 : bottom) - (y > top ? y : top));
        const at = 4 * (x * height + y);
        inks[at]! += covered;
        inks[at + 1]! += covered * red;
        inks[at + 2]! += covered * green;
        inks[at + 3]! += covered * blue;
      }
    }
  }
}

/** How opaque a pixel is, from 0 to 255, by its ink: that of so many strokes of `opacity`. */
function opacities(opacity: number): Uint8Array {
  return Uint8Array.from({ length: MAX_STROKES * SHADES_PER_STROKE }, (_, i) =>
    Math.round(255 * (1 - (1 - opacity) ** ((i + 0.5) / SHADES_PER_STROKE))),
  );
}

function isOn(x: number, dash: readonly number[]): boolean {
  let at = x % dash.reduce((sum, length) => sum + length, 0);
  for (let i = 0; i < dash.length; i++) {
    if (at < dash[i]!) return i % 2 === 0;
    at -= dash[i]!;
  }
  return true;
}

/** `0 … count-1` in an order that is shuffled, and the same for the same count. */
export function shuffled(count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  let seed = 0x9e3779b9;
  for (let i = count - 1; i > 0; i--) {
    // xorshift32 (Marsaglia, 2003).
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    const j = (seed >>> 0) % (i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
