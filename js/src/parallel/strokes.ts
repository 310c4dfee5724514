/**
 * Lines of many runs on a canvas, some milliseconds of them per frame.
 *
 * The runs come in a shuffled order: what the first frame shows is a fair sample of
 * all, so that a brush answers at once, and the others join it frame by frame.
 */

const BUDGET_MS = 10;
const CHUNK = 500;

export interface Pen {
  /** The colour of each run, as a place in `colours`. */
  paint: ArrayLike<number>;
  colours: readonly { stroke: string; dash: readonly number[] }[];
  opacity: number;
  width: number;
}

/** Lines from axis `first` to axis `last`; `left` pixels are scrolled away. */
export interface Course {
  xs: readonly number[];
  ys: readonly Float32Array[];
  first: number;
  last: number;
  left: number;
}

export class Strokes {
  readonly canvas: HTMLCanvasElement;
  #pen: CanvasRenderingContext2D;
  #frame = 0;
  /** How many runs the last `draw` has put on the canvas so far. */
  drawn = 0;

  constructor(canvas: HTMLCanvasElement) {
    this.canvas = canvas;
    this.#pen = canvas.getContext("2d")!;
  }

  /** Draw `runs`, in this order, in place of what is there; those that fit into this frame at once. */
  draw(runs: ArrayLike<number>, course: Course, pen: Pen, onDone: () => void): void {
    this.stop();
    const ratio = devicePixelRatio || 1;
    this.#pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.#pen.lineWidth = pen.width;
    this.#pen.globalAlpha = pen.opacity;
    this.#pen.lineJoin = "round";
    this.drawn = 0;
    const proceed = () => {
      const until = performance.now() + BUDGET_MS;
      while (this.drawn < runs.length && performance.now() < until) {
        const end = Math.min(runs.length, this.drawn + CHUNK);
        this.#chunk(runs, this.drawn, end, course, pen);
        this.drawn = end;
      }
      if (this.drawn < runs.length) this.#frame = requestAnimationFrame(proceed);
      else onDone();
    };
    proceed();
  }

  /** Leave what is drawn as it is. */
  stop(): void {
    cancelAnimationFrame(this.#frame);
  }

  #chunk(runs: ArrayLike<number>, from: number, to: number, course: Course, pen: Pen): void {
    const byColour: number[][] = pen.colours.map(() => []);
    for (let i = from; i < to; i++) byColour[pen.paint[runs[i]!]!]?.push(runs[i]!);
    byColour.forEach((members, colour) => {
      if (!members.length) return;
      const { stroke, dash } = pen.colours[colour]!;
      this.#pen.strokeStyle = stroke;
      this.#pen.setLineDash(dash as number[]);
      this.#pen.beginPath();
      for (const run of members) this.#trace(run, course);
      this.#pen.stroke();
    });
  }

  #trace(run: number, { xs, ys, first, last, left }: Course): void {
    const pen = this.#pen;
    if (ys.length === 1) {
      // A single axis has no lines: a short stroke across it for each run.
      pen.moveTo(xs[0]! - left - 8, ys[0]![run]!);
      pen.lineTo(xs[0]! - left + 8, ys[0]![run]!);
      return;
    }
    pen.moveTo(xs[first]! - left, ys[first]![run]!);
    for (let axis = first + 1; axis <= last; axis++) pen.lineTo(xs[axis]! - left, ys[axis]![run]!);
  }
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
