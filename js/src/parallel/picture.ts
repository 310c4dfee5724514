/**
 * The picture: three canvases on top of each other, as wide as what is in sight of it.
 *
 * Below all runs, above them those that are picked, on top axes and brushes: a brush
 * that moves draws the upper two, a pointer that moves the last alone.
 */

import { el } from "../base/dom.ts";
import { DASHES, lookOf, onTheme, sequential, type Look } from "../base/palette.ts";
import { heights, HEIGHT, layOut, type Frame } from "./layout.ts";
import { drawAxis, drawTitle } from "./marks.ts";
import { shuffled, Strokes, type Course, type Pen } from "./strokes.ts";
import type { ParallelView } from "./view.ts";

const BINS = 24;
const NEAR_PX = 6;

export class Picture {
  readonly element: HTMLElement;
  /** As wide as all axes; what is placed in it scrolls with them. */
  readonly inner: HTMLElement;
  frame: Frame;
  look: Look;
  /** The run that is pointed at. */
  hovered: number | null = null;

  #view: ParallelView;
  #root: HTMLElement;
  #stack = el("div", { class: "nbt-par-stack" });
  #all: Strokes;
  #picked: Strokes;
  #marks: HTMLCanvasElement;
  #ys: Float32Array[] = [];
  #paint: Pick<Pen, "paint" | "colours"> = { paint: [], colours: [] };
  #order: Uint32Array = new Uint32Array();
  #due = 0;
  #signal: AbortSignal;
  #onLayout: () => void;

  constructor(view: ParallelView, root: HTMLElement, onLayout: () => void, signal: AbortSignal) {
    this.#view = view;
    this.#root = root;
    this.#signal = signal;
    this.#onLayout = onLayout;
    const canvas = () => el("canvas", { class: "nbt-par-canvas", attributes: { "aria-hidden": true } });
    const [all, picked, marks] = [canvas(), canvas(), canvas()];
    this.#all = new Strokes(all);
    this.#picked = new Strokes(picked);
    this.#marks = marks;
    this.#stack.append(all, picked, marks);
    this.inner = el("div", { class: "nbt-par-inner" }, this.#stack);
    this.element = el("div", { class: "nbt-par-scroll" }, this.inner);
    this.frame = layOut([], 0);
    this.look = lookOf(root);
    const size = new ResizeObserver(() => this.lay());
    size.observe(this.element);
    signal.addEventListener("abort", () => (size.disconnect(), this.#all.stop(), this.#picked.stop()));
    this.element.addEventListener("scroll", () => this.#drawSoon(), { signal });
    onTheme(() => this.lay(), signal);
  }

  /** Everything anew: the runs, the axes or the width have changed. */
  lay(): void {
    const room = this.element.clientWidth;
    if (!room || this.#signal.aborted) return;
    const axes = this.#view.visible;
    this.look = lookOf(this.#root);
    this.frame = layOut(axes, room);
    this.inner.style.width = `${this.frame.width}px`;
    this.#ys = axes.map((axis) => heights(axis, this.frame, this.#view.isInverted(axis.name)));
    this.#paint = this.#paints();
    if (this.#order.length !== this.#view.runs.length) this.#order = shuffled(this.#view.runs.length);
    const ratio = devicePixelRatio || 1;
    for (const canvas of [this.#all.canvas, this.#picked.canvas, this.#marks]) {
      canvas.width = Math.round(room * ratio);
      canvas.height = Math.round(HEIGHT * ratio);
      canvas.style.width = `${room}px`;
      canvas.style.height = `${HEIGHT}px`;
    }
    this.#onLayout();
    this.drawAll();
  }

  drawAll(): void {
    const isPicking = this.#view.picked() !== null;
    const count = this.#view.runs.length;
    const faint = Math.min(0.85, Math.max(0.07, 40 / Math.max(count, 1) ** 0.75));
    const grey = { paint: new Uint8Array(count), colours: [{ stroke: this.look.none, dash: [] }] };
    const pen = isPicking
      ? { ...grey, opacity: faint * 0.4, width: 1 }
      : { ...this.#paint, opacity: faint, width: 1.2 };
    this.#told = isPicking;
    const { canvas } = this.#all;
    canvas.dataset["state"] = "drawing";
    this.#all.draw(this.#order, this.#course(), pen, () => (canvas.dataset["state"] = "drawn"));
    this.drawPicked();
  }
  #told = false;

  /** The runs that are picked, and all that stands over them. */
  drawPicked(): void {
    const picked = this.#view.picked();
    if ((picked !== null) !== this.#told) return this.drawAll();
    const runs = picked ?? [];
    // In the shuffled order, so that what a frame has time for is a fair sample.
    const inSight = runs.length > 500 ? this.#order.filter(memberOf(runs, this.#view.runs.length)) : runs;
    const opacity = Math.min(0.95, Math.max(0.12, 60 / Math.max(runs.length, 1) ** 0.7));
    this.#picked.draw(inSight, this.#course(), { ...this.#paint, opacity, width: 1.4 }, () => {});
    this.drawMarks();
  }

  drawMarks(): void {
    const pen = this.#marks.getContext("2d")!;
    const ratio = devicePixelRatio || 1;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, this.#marks.width, this.#marks.height);
    if (this.hovered !== null) this.#drawHovered(pen, this.hovered);
    this.#eachInSight((i, x) => {
      const axis = this.#view.visible[i]!;
      const inverted = this.#view.isInverted(axis.name);
      drawAxis(pen, x, axis, this.frame, this.look, inverted, this.#view.brushing.get(axis.name));
    });
  }

  /** The picked run, or else any, whose line is nearest to a point of the stack; `null` if none is near. */
  runAt(x: number, y: number): number | null {
    const { xs } = this.frame;
    const at = x + this.element.scrollLeft;
    let left = xs.findIndex((_, i) => (xs[i + 1] ?? Infinity) > at);
    left = Math.max(0, Math.min(left, xs.length - 2));
    const [a, b] = [this.#ys[left], this.#ys[left + 1] ?? this.#ys[left]];
    if (!a || !b) return null;
    const gap = (xs[left + 1] ?? xs[left]! + 1) - xs[left]!;
    const share = Math.max(0, Math.min(1, (at - xs[left]!) / gap));
    let [nearest, distance] = [-1, NEAR_PX];
    const consider = (run: number) => {
      const [from, to] = [a[run]!, b[run]!];
      // Across the line, not down the page: steep lines are as easy to hit as flat ones.
      const steep = Math.hypot(1, (to - from) / gap);
      const off = Math.abs(from + (to - from) * share - y) / steep;
      if (off < distance) [nearest, distance] = [run, off];
    };
    const picked = this.#view.picked();
    if (picked) picked.forEach(consider);
    else for (let run = 0; run < a.length; run++) consider(run);
    return nearest < 0 ? null : nearest;
  }

  /** The colour of a run's line. */
  colourOf(run: number): string {
    return this.#paint.colours[this.#paint.paint[run]!]?.stroke ?? this.look.none;
  }

  /** How lines of a category are drawn, by the place of its label. */
  strokeOf(value: number): { stroke: string; dash: readonly number[] } {
    return this.#paint.colours[1 + value] ?? { stroke: this.look.none, dash: [] };
  }

  /** All of it on one canvas, as it is in sight. */
  composed(): HTMLCanvasElement {
    const { width, height } = this.#marks;
    const whole = el("canvas");
    Object.assign(whole, { width, height });
    const pen = whole.getContext("2d")!;
    pen.fillStyle = this.look.page;
    pen.fillRect(0, 0, width, height);
    for (const canvas of [this.#all.canvas, this.#picked.canvas, this.#marks]) pen.drawImage(canvas, 0, 0);
    const ratio = devicePixelRatio || 1;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#eachInSight((i, x) => {
      const axis = this.#view.visible[i]!;
      drawTitle(pen, x, axis, this.look, this.#view.isInverted(axis.name));
    });
    return whole;
  }

  #drawSoon(): void {
    cancelAnimationFrame(this.#due);
    this.#due = requestAnimationFrame(() => this.drawAll());
  }

  #course(): Course {
    const { xs } = this.frame;
    const left = this.element.scrollLeft;
    const right = left + this.element.clientWidth;
    const first = Math.max(0, xs.findIndex((_, i) => (xs[i + 1] ?? Infinity) >= left));
    const beyond = xs.findIndex((x) => x > right);
    return { xs, ys: this.#ys, first, last: beyond < 0 ? xs.length - 1 : beyond, left };
  }

  #eachInSight(visit: (axis: number, x: number) => void): void {
    const { first, last, left, xs } = this.#course();
    for (let i = first; i <= last && i < xs.length; i++) visit(i, xs[i]! - left);
  }

  #drawHovered(pen: CanvasRenderingContext2D, run: number): void {
    const strokes: [string, number][] = [
      [this.look.page, 5],
      [this.look.ink, 2.5],
    ];
    const { first, last, left, xs } = this.#course();
    pen.setLineDash([]);
    pen.lineJoin = "round";
    for (const [colour, width] of strokes) {
      pen.beginPath();
      for (let i = first; i <= last && i < xs.length; i++) pen.lineTo(xs[i]! - left, this.#ys[i]![run]!);
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      pen.stroke();
    }
  }

  #paints(): Pick<Pen, "paint" | "colours"> {
    const { look } = this;
    const axis = this.#view.color ? this.#view.axes.get(this.#view.color) : undefined;
    const paint = new Uint8Array(this.#view.runs.length);
    if (!axis) return { paint, colours: [{ stroke: look.hues[0]!, dash: [] }] };
    const colours = [{ stroke: look.none, dash: [] as readonly number[] }];
    const { hues } = look;
    if (axis.isCategory) {
      axis.head.labels.forEach((_, i) =>
        colours.push({ stroke: hues[i % hues.length]!, dash: DASHES[Math.floor(i / hues.length) % DASHES.length]! }),
      );
    } else {
      for (let bin = 0; bin < BINS; bin++) colours.push({ stroke: sequential((bin + 0.5) / BINS, look), dash: [] });
    }
    for (let run = 0; run < paint.length; run++) {
      if (axis.special?.[run]) continue;
      const place = axis.isCategory ? axis.values[run]! : Math.min(BINS - 1, Math.floor(axis.places[run]! * BINS));
      paint[run] = 1 + place;
    }
    return { paint, colours };
  }
}

function memberOf(runs: readonly number[], count: number): (run: number) => boolean {
  const is = new Uint8Array(count);
  for (const run of runs) is[run] = 1;
  return (run) => is[run] === 1;
}
