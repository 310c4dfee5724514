/** One small picture: the lines of one metric, between its axes. */

import { el } from "../base/dom.ts";
import type { Look } from "../base/palette.ts";
import { drawLine, inSight, pixelX, pixelY, type Plot } from "./drawing.ts";
import { Layer } from "./layer.ts";
import { firstFrom, type Line } from "./lines.ts";
import { FAR, valueScale, xScale, type Scale } from "./scale.ts";
import { pickedStroke, strokeOf, type Stroke } from "./strokes.ts";
import type { CurvesView, Pointed } from "./view.ts";

const [LEFT, RIGHT, TOP, BOTTOM] = [50, 10, 10, 22];
const NEAR_PX = 32;
/** So many lines are drawn between two looks at the clock. */
const AT_ONCE = 4;
const [TICK_X, TICK_Y] = [62, 34];

export class Panel {
  readonly metric: string;
  readonly element: HTMLElement;
  /** What is drawn on, and pointed at. */
  readonly area: HTMLElement;
  plot: Plot | null = null;
  look: Look;

  #view: CurvesView;
  #axes = el("div", { class: "nbt-cur-axes", attributes: { "aria-hidden": true } });
  #all = new Layer();
  #picked = new Layer();
  #marks = el("canvas", { class: "nbt-cur-marks", attributes: { "aria-hidden": true } });
  #rule = el("div", { class: "nbt-cur-rule-at", attributes: { "aria-hidden": true } });
  #dot = el("div", { class: "nbt-cur-dot", attributes: { "aria-hidden": true } });
  #none = el("div", { class: "nbt-cur-none nbt-quiet" });
  #lit: ReadonlySet<number> = new Set();
  #size: [number, number] = [0, 0];

  constructor(view: CurvesView, metric: string, head: HTMLElement, look: Look) {
    this.#view = view;
    this.metric = metric;
    this.look = look;
    this.area = el(
      "div",
      { class: "nbt-cur-area", attributes: { tabindex: 0, role: "group", "aria-roledescription": "chart" } },
      this.#axes,
      this.#all.element,
      this.#picked.element,
      this.#marks,
      this.#rule,
      this.#dot,
      this.#none,
    );
    this.area.dataset["metric"] = metric;
    this.element = el("div", { class: "nbt-cur-panel" }, head, this.area);
  }

  get isDone(): boolean {
    return this.#all.isDone && this.#picked.isDone;
  }

  /** Everything anew, in a place of `width` by `height` pixels. */
  lay(width: number, height: number, look: Look): void {
    this.look = look;
    this.#size = [width, height];
    this.area.style.height = `${height}px`;
    const ratio = devicePixelRatio || 1;
    Object.assign(this.#marks, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    Object.assign(this.#marks.style, { width: `${width}px`, height: `${height}px` });
    this.plot = this.#plot(width, height);
    this.#drawAxes();
    this.area.setAttribute("aria-label", this.#summary());
    this.#all.begin(width, height, (pen) => this.#drawAll(pen));
    this.drawPicked();
    this.drawMarks();
  }

  /** The runs that are picked; the others step back behind them. */
  drawPicked(): void {
    const picked = this.#view.picked();
    this.#lit = new Set();
    this.#all.element.classList.toggle("nbt-cur-behind", picked !== null);
    const [width, height] = this.#size;
    this.#picked.begin(width, height, (pen) => this.#drawSome(pen, picked ?? []));
  }

  /** Go on drawing until the time `until`; whether all is drawn. */
  proceed(until: number): boolean {
    return this.#picked.proceed(until) && this.#all.proceed(until);
  }

  /** What is pointed at, over all others. */
  drawMarks(): void {
    this.#drawLit();
    this.#placeCross();
  }

  /** The lines that stand out; anew only when they are others. */
  #drawLit(): void {
    const { plot } = this;
    const { lit } = this.#view;
    if (lit === this.#lit && lit.size) return;
    this.#lit = lit;
    const pen = this.#marks.getContext("2d")!;
    const ratio = devicePixelRatio || 1;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, ...this.#size);
    if (!plot || !lit.size) return;
    const lines = this.#view.linesOf(this.metric);
    this.#clip(pen, plot);
    for (const run of lit) {
      const line = lines.get(run);
      if (!line) continue;
      const smooth = this.#view.smoothing ? this.#view.smoothOf(line) : null;
      const [first, last] = inSight(plot, line.x);
      // A wide stroke through many points is slow, and no better seen.
      const isDense = lit.size > 40 || last - first > plot.right - plot.left;
      if (!isDense) drawLine(pen, plot, line, smooth, { colour: this.look.page, dash: [], width: 5, opacity: 1 });
      drawLine(pen, plot, line, smooth, { ...this.#strokeNow(run), width: isDense ? 1.6 : 2.6, opacity: 1 });
    }
    pen.restore();
  }

  /** The place on the line that is pointed at: elements, since they follow the pointer. */
  #placeCross(): void {
    const { plot } = this;
    const { pointed } = this.#view;
    const at = pointed && this.#pointOf(pointed);
    const x = plot && at ? pixelX(plot, at.x) : NaN;
    const isInSight = plot !== null && x >= plot.left - 1 && x <= plot.right + 1;
    this.#rule.hidden = !isInSight;
    this.#dot.hidden = true;
    if (!isInSight || !at || !pointed) return;
    this.#rule.style.transform = `translate(${Math.round(x)}px, ${plot.top}px)`;
    this.#rule.style.height = `${plot.bottom - plot.top}px`;
    const y = pixelY(plot, at.value);
    this.#dot.hidden = Number.isNaN(y);
    this.#dot.style.transform = `translate(${x}px, ${y}px)`;
    this.#dot.style.background = this.#strokeNow(pointed.run).colour;
  }

  /** The colour in which a run is seen now. */
  colourOf(run: number): string {
    return this.#strokeNow(run).colour;
  }

  /** The point whose line is nearest to a place of the area; `null` if none is near. */
  nearest(x: number, y: number): Pointed | null {
    const { plot } = this;
    if (!plot || x < plot.left - 4 || x > plot.right + 4) return null;
    const picked = this.#view.picked();
    const found = picked && this.#nearestOf(new Set(picked), plot, x, y, NEAR_PX / 2);
    return found ?? this.#nearestOf(null, plot, x, y, NEAR_PX);
  }

  /** The place of the line of `run` at which it is nearest to the value `x` of the axis. */
  placeAt(run: number, x: number): number | null {
    const line = this.#view.linesOf(this.metric).get(run);
    return line ? nearestPlace(line, x) : null;
  }

  /** The next line above (1) or below (-1) a point, at the same x. */
  neighbour(pointed: Pointed, direction: number): Pointed | null {
    const { plot } = this;
    const from = this.#pointOf(pointed);
    if (!plot || !from) return null;
    const rank = (run: number, at: number) => [pixelY(plot, this.#view.linesOf(this.metric).get(run)!.value[at]!), run] as const;
    const [y0, run0] = rank(pointed.run, pointed.at);
    let best: Pointed | null = null;
    let bestRank: readonly [number, number] | null = null;
    const isBefore = (a: readonly [number, number], b: readonly [number, number]) => a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
    for (const [run, line] of this.#view.linesOf(this.metric)) {
      const at = nearestPlace(line, from.x);
      const own = rank(run, at);
      if (Number.isNaN(own[0]) || run === run0) continue;
      const isBeyond = direction > 0 ? isBefore(own, [y0, run0]) : isBefore([y0, run0], own);
      if (!isBeyond || (bestRank && (direction > 0 ? isBefore(own, bestRank) : isBefore(bestRank, own)))) continue;
      [best, bestRank] = [{ metric: this.metric, run, at }, own];
    }
    return best;
  }

  /** All of it on a canvas that leaves the page; `pen` stands at the area's corner. */
  compose(pen: CanvasRenderingContext2D): void {
    const [width, height] = this.#size;
    const { plot, look } = this;
    const isBehind = this.#view.picked() !== null;
    pen.font = "11px system-ui, sans-serif";
    pen.textBaseline = "middle";
    pen.lineWidth = 1;
    if (plot?.ys) {
      pen.textAlign = "right";
      for (const { place, text } of this.#ticksY(plot.ys)) {
        const y = Math.round(plot.bottom - place * (plot.bottom - plot.top)) + 0.5;
        pen.strokeStyle = look.grid;
        pen.strokeRect(plot.left, y, plot.right - plot.left, 0);
        pen.fillStyle = look.quiet;
        pen.fillText(text, plot.left - 6, y);
      }
    }
    if (plot) {
      pen.textAlign = "center";
      pen.strokeStyle = look.quiet;
      pen.strokeRect(plot.left, plot.bottom + 0.5, plot.right - plot.left, 0);
      pen.fillStyle = look.quiet;
      for (const { place, text } of this.#ticksX(plot.xs)) {
        pen.fillText(text, plot.left + place * (plot.right - plot.left), plot.bottom + 13);
      }
    }
    pen.textAlign = "center";
    if (!this.#none.hidden) pen.fillText(this.#none.textContent ?? "", width / 2, height / 2);
    if (isBehind) pen.filter = "grayscale(1) opacity(0.35)";
    pen.drawImage(this.#all.canvas, 0, 0, width, height);
    pen.filter = "none";
    pen.drawImage(this.#picked.canvas, 0, 0, width, height);
  }

  #plot(width: number, height: number): Plot | null {
    const lines = [...this.#view.linesOf(this.metric).values()];
    const range = this.#view.ranges[this.metric];
    const kind = this.#view.x;
    let ends: [number, number] = [Infinity, -Infinity];
    for (const { x } of lines) if (x.length) ends = [Math.min(ends[0], x[0]!), Math.max(ends[1], x[x.length - 1]!)];
    const xs = xScale(kind, range ?? ends, this.#view.isLogX && (range ?? ends)[0] > 0);
    this.#none.hidden = false;
    this.#none.textContent = "None of these runs has a point here.";
    if (!xs || !lines.length) return null;
    const isLog = this.#view.isLogY(this.metric);
    const plot: Plot = { left: LEFT, right: width - RIGHT, top: TOP, bottom: height - BOTTOM, xs, ys: null };
    plot.ys = valueScale(extent(lines, plot, isLog), isLog);
    this.#none.hidden = plot.ys !== null;
    this.#none.textContent = isLog ? "No value here has a logarithm." : "No value here is a finite number.";
    return plot;
  }

  #drawAxes(): void {
    const { plot } = this;
    this.#axes.replaceChildren();
    if (!plot) return;
    const [width, height] = [plot.right - plot.left, plot.bottom - plot.top];
    const px = (value: number) => `${value.toFixed(1)}px`;
    for (const { place, text } of plot.ys ? this.#ticksY(plot.ys) : []) {
      const top = px(plot.bottom - place * height);
      this.#axes.append(
        el("i", { class: "nbt-cur-rule", style: { top, left: px(plot.left), width: px(width) } }),
        el("span", { class: "nbt-cur-y", text, style: { top, right: `calc(100% - ${px(plot.left - 6)})` } }),
      );
    }
    this.#axes.append(el("i", { class: "nbt-cur-base", style: { top: px(plot.bottom), left: px(plot.left), width: px(width) } }));
    for (const { place, text } of this.#ticksX(plot.xs)) {
      const left = px(plot.left + place * width);
      this.#axes.append(
        el("i", { class: "nbt-cur-tick", style: { left, top: px(plot.bottom) } }),
        el("span", { class: "nbt-cur-x", text, style: { left, top: px(plot.bottom + 6) } }),
      );
    }
  }

  #ticksY(ys: Scale) {
    return ys.ticks(Math.max(2, Math.floor((this.#size[1] - TOP - BOTTOM) / TICK_Y)));
  }

  #ticksX(xs: Scale) {
    const ticks = xs.ticks(Math.max(2, Math.floor((this.#size[0] - LEFT - RIGHT) / TICK_X)));
    // A step of a tenth or a quarter may give twice as many as were wanted: then each second.
    const room = (this.#size[0] - LEFT - RIGHT) / 52;
    const every = Math.ceil(ticks.length / room);
    return ticks.filter((_, i) => i % every === 0);
  }

  *#drawAll(pen: CanvasRenderingContext2D): Generator<void> {
    const { plot } = this;
    if (!plot) return;
    this.#clip(pen, plot);
    let drawn = 0;
    // The newest run comes first, and is drawn last.
    const lines = [...this.#view.linesOf(this.metric).values()].sort((a, b) => b.run - a.run);
    for (const line of lines) {
      const smooth = this.#view.smoothing ? this.#view.smoothOf(line) : null;
      drawLine(pen, plot, line, smooth, strokeOf(this.#view, line.run, this.look));
      if (++drawn % AT_ONCE === 0) yield;
    }
    pen.restore();
  }

  *#drawSome(pen: CanvasRenderingContext2D, runs: readonly number[]): Generator<void> {
    const { plot } = this;
    if (!plot) return;
    const lines = this.#view.linesOf(this.metric);
    this.#clip(pen, plot);
    for (const [nth, run] of runs.entries()) {
      const line = lines.get(run);
      const smooth = line && this.#view.smoothing ? this.#view.smoothOf(line) : null;
      if (line) drawLine(pen, plot, line, smooth, pickedStroke(this.#view, run, nth, this.look));
      if ((nth + 1) % AT_ONCE === 0) yield;
    }
    pen.restore();
  }

  #strokeNow(run: number): Stroke {
    const nth = this.#view.picked()?.indexOf(run) ?? -1;
    return nth < 0 ? strokeOf(this.#view, run, this.look) : pickedStroke(this.#view, run, nth, this.look);
  }

  /** Where the point is, also for the other panels: along x they have it in common. */
  #pointOf({ metric, run, at }: Pointed): { x: number; value: number } | null {
    const line = this.#view.linesOf(metric).get(run);
    const x = line?.x[at];
    if (!line || x === undefined) return null;
    if (metric === this.metric) return { x, value: line.value[at]! };
    const own = this.#view.linesOf(this.metric).get(run);
    if (!own) return null;
    const place = nearestPlace(own, x);
    return { x, value: own.x[place] === x ? own.value[place]! : NaN };
  }

  #nearestOf(among: ReadonlySet<number> | null, plot: Plot, x: number, y: number, near: number): Pointed | null {
    const value = plot.xs.valueAt((x - plot.left) / (plot.right - plot.left));
    let [best, distance] = [null as Pointed | null, near];
    for (const [run, line] of this.#view.linesOf(this.metric)) {
      if (among && !among.has(run)) continue;
      const after = firstFrom(line.x, value);
      const [a, b] = [Math.max(0, after - 1), Math.min(after, line.x.length - 1)];
      const off = Math.min(
        away(plot, line.x, line.value, a, b, x, y),
        this.#view.smoothing ? this.#awayFromSmooth(plot, line, value, x, y) : Infinity,
      );
      if (off < distance) [best, distance] = [{ metric: this.metric, run, at: nearestPlace(line, value) }, off];
    }
    return best;
  }

  #awayFromSmooth(plot: Plot, line: Line, value: number, x: number, y: number): number {
    const smooth = this.#view.smoothOf(line);
    const after = firstFrom(smooth.x, value);
    return away(plot, smooth.x, smooth.value, Math.max(0, after - 1), Math.min(after, smooth.x.length - 1), x, y);
  }

  #clip(pen: CanvasRenderingContext2D, plot: Plot): void {
    pen.save();
    pen.beginPath();
    pen.rect(plot.left - 1, 0, plot.right - plot.left + 2, plot.bottom + 8);
    pen.clip();
  }

  #summary(): string {
    const lines = this.#view.linesOf(this.metric);
    const { plot } = this;
    const name = this.metric.slice("metrics.".length);
    const runs = `${lines.size} run${lines.size === 1 ? "" : "s"}`;
    if (!plot) return `${name}: ${runs}`;
    const [first, last] = [plot.xs.ticks(6)[0]?.text, plot.xs.ticks(6).at(-1)?.text];
    return `${name}: ${runs}, along ${this.#view.x} from about ${first} to ${last}. Arrow keys go along a run and from run to run.`;
  }
}

function nearestPlace(line: Line, x: number): number {
  const after = Math.min(firstFrom(line.x, x), line.x.length - 1);
  const before = Math.max(0, after - 1);
  return x - line.x[before]! < line.x[after]! - x ? before : after;
}

/** How far a place is from the stretch of a line between its points `a` and `b`. */
function away(plot: Plot, xs: Float64Array, values: Float64Array, a: number, b: number, x: number, y: number): number {
  const [x1, x2] = [pixelX(plot, xs[a]!), pixelX(plot, xs[b]!)];
  let [y1, y2] = [pixelY(plot, values[a]!), pixelY(plot, values[b]!)];
  if (Number.isNaN(y1)) y1 = y2;
  if (Number.isNaN(y2)) y2 = y1;
  if (Number.isNaN(y1)) {
    // Only a mark at the edge is there to point at.
    return Math.hypot(Math.min(Math.abs(x1 - x), Math.abs(x2 - x)), plot.bottom - y);
  }
  const share = x2 > x1 ? Math.max(0, Math.min(1, (x - x1) / (x2 - x1))) : x < x1 ? 0 : 1;
  const steep = x2 > x1 ? Math.hypot(1, (y2 - y1) / (x2 - x1)) : 1;
  const across = Math.abs(y1 + (y2 - y1) * share - y) / steep;
  return Math.hypot(across, Math.max(0, x1 - x, x - x2));
}

function extent(lines: readonly Line[], plot: Plot, isLog: boolean): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  const { low: from, high: to } = plot.xs;
  for (const line of lines) {
    const [first, last] = inSight(plot, line.x);
    for (let i = first; i < last; i++) {
      const value = line.value[i]!;
      if (!(Math.abs(value) <= FAR) || (isLog && value <= 0) || line.x[i]! < from || line.x[i]! > to) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return [low, high];
}
