/**
 * The picture: three canvases on top of each other, as wide as what is in sight of it.
 *
 * Below all runs, above them those that are picked, on top axes and brushes. Lines come
 * a few milliseconds of them per frame, in a shuffled order: what the first frame shows
 * is a fair sample of all, so that a brush answers at once.
 */

import { el } from "../base/dom.ts";
import { DASHES, lookOf, onTheme, rgbOf, sequential, type Look } from "../base/palette.ts";
import { DensityLayer, shuffled, type Course, type Ink, type Paint } from "./density.ts";
import { heights, HEIGHT, layOut, type Frame } from "./layout.ts";
import { drawAxis, drawTitle } from "./marks.ts";
import type { ParallelView } from "./view.ts";

const BINS = 24;
const NEAR_PX = 6;
/** Lines per frame: few while one brushes, more where one only waits for them. */
const BRUSHING_MS = 9;
const WAITING_MS = 30;

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
  #all: DensityLayer;
  #picked: DensityLayer;
  #marks: HTMLCanvasElement;
  #ys: Float32Array[] = [];
  #paint: Paint = { of: new Uint8Array(), colours: [] };
  #strokes: { stroke: string; dash: readonly number[] }[] = [];
  #order: Uint32Array = new Uint32Array();
  #picking = false;
  #scrolled = 0;
  #frame = 0;
  #signal: AbortSignal;
  #onLayout: () => void;

  constructor(view: ParallelView, root: HTMLElement, onLayout: () => void, signal: AbortSignal) {
    this.#view = view;
    this.#root = root;
    this.#signal = signal;
    this.#onLayout = onLayout;
    const canvas = () => el("canvas", { class: "nbt-par-canvas", attributes: { "aria-hidden": true } });
    const [all, picked, marks] = [canvas(), canvas(), canvas()];
    this.#all = new DensityLayer(all);
    this.#picked = new DensityLayer(picked);
    this.#marks = marks;
    this.#stack.append(all, picked, marks);
    this.inner = el("div", { class: "nbt-par-inner" }, this.#stack);
    this.element = el("div", { class: "nbt-par-scroll" }, this.inner);
    this.frame = layOut([], 0);
    this.look = lookOf(root);
    const size = new ResizeObserver(() => this.lay());
    size.observe(this.element);
    signal.addEventListener("abort", () => (size.disconnect(), cancelAnimationFrame(this.#frame)));
    this.element.addEventListener("scroll", () => this.#scroll(), { signal });
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
    this.#mixPaint();
    if (this.#order.length !== this.#view.runs.length) this.#order = shuffled(this.#view.runs.length);
    const ratio = devicePixelRatio || 1;
    Object.assign(this.#marks, { width: Math.round(room * ratio), height: Math.round(HEIGHT * ratio) });
    Object.assign(this.#marks.style, { width: `${room}px`, height: `${HEIGHT}px` });
    this.#onLayout();
    this.#drawAll();
  }

  /** The runs that are picked, and all that stands over them. */
  drawPicked(): void {
    this.#wantPicked();
    this.drawMarks();
    this.#proceed();
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
    return this.#strokes[this.#paint.of[run]!]?.stroke ?? this.look.none;
  }

  /** How lines of a category are drawn, by the place of its label. */
  strokeOf(value: number): { stroke: string; dash: readonly number[] } {
    return this.#strokes[1 + value] ?? { stroke: this.look.none, dash: [] };
  }

  /** All of it on one canvas, as it is in sight. */
  composed(): HTMLCanvasElement {
    const { width, height } = this.#marks;
    const whole = el("canvas");
    Object.assign(whole, { width, height });
    const pen = whole.getContext("2d")!;
    pen.fillStyle = this.look.page;
    pen.fillRect(0, 0, width, height);
    for (const canvas of [this.#all.canvas, this.#picked.canvas, this.#marks]) pen.drawImage(canvas, 0, 0, width, height);
    const ratio = devicePixelRatio || 1;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#eachInSight((i, x) => {
      const axis = this.#view.visible[i]!;
      drawTitle(pen, x, axis, this.look, this.#view.isInverted(axis.name));
    });
    return whole;
  }

  /** Everything anew, in the layout that there is. */
  #drawAll(): void {
    const width = this.element.clientWidth;
    const course = this.#course();
    for (const layer of [this.#all, this.#picked]) layer.begin(width, HEIGHT, course, this.#paint, this.#order);
    this.#all.want("all");
    this.#all.canvas.dataset["state"] = "drawing";
    this.#wantPicked();
    this.drawMarks();
    this.#proceed();
  }

  #wantPicked(): void {
    const picked = this.#view.picked();
    const wanted = new Uint8Array(this.#view.runs.length);
    for (const run of picked ?? []) wanted[run] = 1;
    this.#picked.want(wanted);
    this.#picking = picked !== null;
    this.#pickedInk = { opacity: opacityOf(picked?.length ?? 0, 60, 0.7), rgb: null };
    this.#isPickNew = true;
  }
  #isPickNew = true;
  #pickedInk: Ink = { opacity: 1, rgb: null };

  /** Some lines now, and the others in the frames that follow. */
  #proceed(): void {
    cancelAnimationFrame(this.#frame);
    const began = performance.now();
    // What is picked is what one looks at.
    if (!this.#picked.isDone || this.#isPickNew) {
      this.#picked.proceed(began + BRUSHING_MS);
      this.#picked.show(this.#pickedInk);
      this.#isPickNew = false;
    }
    if (!this.#all.isDone || this.#picking !== this.#greyed) {
      this.#all.proceed(began + (this.#view.brushing.isEmpty ? WAITING_MS : BRUSHING_MS));
      this.#showAll();
    }
    if (!this.#all.isDone || !this.#picked.isDone) this.#frame = requestAnimationFrame(() => this.#proceed());
    if (this.#all.isDone) this.#all.canvas.dataset["state"] = "drawn";
  }
  #greyed = false;

  #showAll(): void {
    const opacity = opacityOf(this.#view.runs.length, 40, 0.75);
    this.#greyed = this.#picking;
    this.#all.show(
      this.#picking ? { opacity: opacity * 0.4, rgb: rgbOf(this.look.none) } : { opacity, rgb: null },
    );
  }

  #scroll(): void {
    cancelAnimationFrame(this.#scrolled);
    this.#scrolled = requestAnimationFrame(() => this.#drawAll());
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

  /** Which colour each run has. */
  #mixPaint(): void {
    const { look } = this;
    const { hues } = look;
    const axis = this.#view.color ? this.#view.axes.get(this.#view.color) : undefined;
    const strokes = [{ stroke: axis ? look.none : hues[0]!, dash: [] as readonly number[] }];
    if (axis?.isCategory) {
      axis.head.labels.forEach((_, i) =>
        strokes.push({ stroke: hues[i % hues.length]!, dash: DASHES[Math.floor(i / hues.length) % DASHES.length]! }),
      );
    } else if (axis) {
      for (let bin = 0; bin < BINS; bin++) strokes.push({ stroke: sequential((bin + 0.5) / BINS, look), dash: [] });
    }
    const of = new Uint8Array(this.#view.runs.length);
    for (let run = 0; run < of.length && axis; run++) {
      if (axis.special?.[run]) continue;
      of[run] = 1 + (axis.isCategory ? axis.values[run]! : Math.min(BINS - 1, Math.floor(axis.places[run]! * BINS)));
    }
    this.#strokes = strokes;
    this.#paint = { of, colours: strokes.map(({ stroke, dash }) => ({ rgb: rgbOf(stroke), dash })) };
  }
}

/** How opaque one of `count` lines is: the more there are, the less. */
function opacityOf(count: number, ink: number, power: number): number {
  return Math.min(0.85, Math.max(0.05, ink / Math.max(count, 1) ** power));
}
