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
/** And where there is time: each stretch then is fetched less often. */
const LARGE_BATCH = 1024;
const LONG_MS = 20;
const SHADES_PER_STROKE = 32;
const MAX_STROKES = 128;
/**
 * A pixel is two numbers of 53 bits: ink and red, green and blue. Ink is counted in eighths of
 * a stroke and colours in 64 steps, so that 130,000 strokes have room on a pixel, sums are
 * exact, and what is taken away leaves nothing behind. Four floats take 1.6 times as long.
 */
const PER_STROKE = 8;
const COLOUR = 63 / 255;
const RED = 2 ** 22;
const BLUE = 2 ** 26;

export class DensityLayer {
  readonly canvas: HTMLCanvasElement;
  #width = 0;
  #height = 0;
  #ratio = 1;
  #image: ImageData | null = null;
  /** Column by column; of each pixel ink with red, then green with blue, each times the ink. */
  #ink = new Float64Array();
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
      this.#ink = new Float64Array(2 * w * h);
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
    for (let now = performance.now(); !this.isDone && now < until; now = performance.now()) {
      const size = until - now > LONG_MS ? LARGE_BATCH : BATCH;
      const batch = this.#pending.slice(this.#next, this.#next + size);
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
    // Column by column in a function of its own, which the browser compiles after a few of them.
    for (let x = 0; x < this.#width; x++) this.#shade(x, pixels, alphas, own);
    this.canvas.getContext("2d")!.putImageData(image, 0, 0);
  }

  #shade(x: number, pixels: Uint32Array, alphas: Uint8Array, own: number | null): void {
    const [width, height, inks] = [this.#width, this.#height, this.#ink];
    const most = alphas.length - 1;
    for (let out = x, at = 2 * x * height, end = at + 2 * height; at < end; at += 2, out += width) {
      const inkAndRed = inks[at]!;
      if (inkAndRed === 0) {
        pixels[out] = 0;
        continue;
      }
      const red = Math.floor(inkAndRed / RED);
      const amount = inkAndRed - red * RED;
      const alpha = alphas[Math.min(most, Math.floor((amount + 0.5) * (SHADES_PER_STROKE / PER_STROKE)))]!;
      let rgb = own;
      if (rgb === null) {
        const greenAndBlue = inks[at + 1]!;
        const blue = Math.floor(greenAndBlue / BLUE);
        const green = greenAndBlue - blue * BLUE;
        const scale = 1 / (amount * COLOUR);
        rgb = ((blue * scale) << 16) | ((green * scale) << 8) | (red * scale);
      }
      pixels[out] = (alpha << 24) | rgb;
    }
  }

  /** Put the lines of these runs on the layer, or take them away if they are on it. */
  #trace(runs: readonly number[]): void {
    const { xs, ys, first, last, left } = this.#course;
    const ratio = this.#ratio;
    const place = (axis: number) => (xs[axis]! - left) * ratio;
    if (ys.length === 1) {
      // A single axis has no lines: a short stroke across it for each run.
      this.#stretch(place(0) - 8 * ratio, place(0) + 8 * ratio, ys[0]!, ys[0]!, runs);
      return;
    }
    for (let axis = first; axis < last; axis++) {
      this.#stretch(place(axis), place(axis + 1), ys[axis]!, ys[axis + 1]!, runs);
    }
  }

  /** Ink along the lines of runs between two places: in each column as much as a line covers. */
  #stretch(x0: number, x1: number, ys0: Float32Array, ys1: Float32Array, runs: readonly number[]): void {
    const [ratio, width, height, inks] = [this.#ratio, this.#width, this.#height, this.#ink];
    const { of, colours } = this.#paint;
    const half = (LINE_PX * ratio) / 2;
    const begin = Math.max(0, Math.ceil(x0));
    const end = Math.min(width, Math.ceil(x1));
    for (const run of runs) {
      const { rgb, dash } = colours[of[run]!]!;
      const isDashed = dash.length > 0;
      const sign = this.#drawn[run] ? -1 : 1;
      const [red, green, blue] = [Math.round(rgb[0] * COLOUR), Math.round(rgb[1] * COLOUR), Math.round(rgb[2] * COLOUR)];
      const inkAndRed = sign * (1 + red * RED);
      const greenAndBlue = sign * (green + blue * BLUE);
      const y0 = ys0[run]! * ratio;
      const slope = (ys1[run]! * ratio - y0) / (x1 - x0);
      const above = Math.min(slope, 0) - half;
      const below = Math.max(slope, 0) + half;
      let y = y0 + (begin - x0) * slope;
      for (let x = begin; x < end; x++, y += slope) {
        if (isDashed && !isOn(x, dash)) continue;
        const top = Math.max(0, y + above);
        const bottom = Math.min(height - 1, y + below);
        if (bottom < top) continue;
        const last = bottom | 0;
        let row = top | 0;
        let at = 2 * (x * height + row);
        let covered = (PER_STROKE * (Math.min(row + 1, bottom) - top) + 0.5) | 0;
        inks[at]! += covered * inkAndRed;
        inks[at + 1]! += covered * greenAndBlue;
        while (++row < last) {
          at += 2;
          inks[at]! += PER_STROKE * inkAndRed;
          inks[at + 1]! += PER_STROKE * greenAndBlue;
        }
        if (row !== last) continue;
        at += 2;
        covered = (PER_STROKE * (bottom - last) + 0.5) | 0;
        inks[at]! += covered * inkAndRed;
        inks[at + 1]! += covered * greenAndBlue;
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
