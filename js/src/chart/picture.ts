/**
 * The picture: Vega on a canvas, drawn anew where the spec, the theme or the width is another.
 *
 * A new drawing takes the place of the old one when it is done, so that nothing flickers,
 * and never while the pointer is down: a brush would end under the hand. It keeps the brush.
 * Expressions are interpreted and nothing is loaded: a page may forbid both.
 */

import type { View } from "vega";
import type { AnyModel } from "../base/anywidget.ts";
import { el } from "../base/dom.ts";
import { isDark, lookOf, onTheme, type Look } from "../base/palette.ts";
import type { Row, Spec } from "./protocol.ts";
import { vegaOf, type Vega } from "./vega_library.ts";
import type { ChartView } from "./view.ts";

/** What a mark says of itself: texts by what they are called. */
export type Said = Record<string, string>;

/** The dot of a run, where it is on the picture. */
export interface Dot {
  run: string;
  said: Said;
  x: number;
  y: number;
}

export interface Listeners {
  /** The pointer is over a mark, or over none. */
  point(said: Said | null, event: MouseEvent): void;
  /** A dot was clicked, or the picture where no dot is. */
  click(run: string | null, event: MouseEvent): void;
  /** A brush takes these runs; none where it is gone. */
  brush(runs: string[]): void;
  /** Something is drawn that was not there before. */
  drawn(): void;
}

export class Picture {
  readonly element: HTMLElement;
  look: Look;

  #view: ChartView;
  #root: HTMLElement;
  #model: AnyModel;
  #signal: AbortSignal;
  #listeners: Listeners;
  #stage = el("div", { class: "nbt-chart-stage" });
  #note = el("div", { class: "nbt-empty", attributes: { role: "status" } });
  #vega: View | null = null;
  #spec: Spec | null = null;
  #isDrawing = false;
  #isOutdated = false;
  #isHeld = false;
  #columns = "";
  #isBrushed = false;

  constructor(model: AnyModel, view: ChartView, root: HTMLElement, listeners: Listeners, signal: AbortSignal) {
    this.#model = model;
    this.#view = view;
    this.#root = root;
    this.#listeners = listeners;
    this.#signal = signal;
    this.element = el("div", { class: "nbt-chart" }, this.#stage, this.#note);
    this.#note.hidden = true;
    this.look = lookOf(root);
    let due = 0;
    const soon = () => {
      cancelAnimationFrame(due);
      due = requestAnimationFrame(() => void this.draw());
    };
    const size = new ResizeObserver(() => this.#widen());
    size.observe(this.element);
    onTheme(soon, signal);
    this.element.addEventListener("pointerdown", () => (this.#isHeld = true), { signal, capture: true });
    for (const over of ["pointerup", "pointercancel"]) {
      window.addEventListener(over, () => this.#letGo(), { signal });
    }
    signal.addEventListener("abort", () => {
      size.disconnect();
      cancelAnimationFrame(due);
      this.#vega?.finalize();
    });
  }

  /** Whether runs have dots, which can be picked and brushed. */
  get hasDots(): boolean {
    return this.#spec?.params?.some(({ name }) => name === "selected") ?? false;
  }

  /** Everything anew. While a drawing is under way the next one waits. */
  async draw(): Promise<void> {
    this.#isOutdated = true;
    if (this.#isDrawing || this.#isHeld) return;
    this.#isDrawing = true;
    while (this.#isOutdated && !this.#isHeld && !this.#signal.aborted) {
      this.#isOutdated = false;
      this.element.dataset["state"] = "drawing";
      await this.#drawOnce().catch((error: unknown) => this.#complain(error));
    }
    this.#isDrawing = false;
  }

  /** The runs that are picked, wherever that was done: the others are dimmed. */
  showPicked(): void {
    const vega = this.#vega;
    if (!vega || !this.hasDots) return;
    const picked = this.#drawnAmong(this.#view.selection.runs);
    // What the brush takes is shown by the brush, for as long as it is that.
    if (this.#isBrushed && same(this.#brushed(), picked)) return;
    this.#clearBrush();
    vega.data("selected_store", chosen(picked));
    void vega.runAsync();
  }

  /** The dots, in the order of their place from left to right. */
  dots(): Dot[] {
    if (!this.#vega || !this.hasDots) return [];
    const [x, y] = this.#vega.origin();
    const { left, top } = paddingOf(this.#vega);
    const found: Dot[] = [];
    collectDots((this.#vega.scenegraph() as unknown as { root: Mark }).root, x + left, y + top, found);
    return found.sort((a, b) => a.x - b.x || a.y - b.y);
  }

  /** The picture in a file, as it is on the page. */
  async png(): Promise<Blob | null> {
    const canvas = await this.#vega?.toCanvas(2);
    return canvas ? new Promise((resolve) => canvas.toBlob(resolve)) : null;
  }

  async svg(): Promise<Blob | null> {
    const text = await this.#vega?.toSVG();
    return text ? new Blob([text], { type: "image/svg+xml" }) : null;
  }

  /** The pointer is up again: what had to wait for it is drawn. */
  #letGo(): void {
    this.#isHeld = false;
    if (this.#isOutdated) void this.draw();
  }

  async #drawOnce(): Promise<void> {
    const vega = await vegaOf(this.#model);
    const width = this.element.clientWidth;
    if (!width || this.#signal.aborted) return;
    this.look = lookOf(this.#root);
    const spec = this.#view.spec(isDark(this.look.page) ? "dark" : "light");
    const drawing = await this.#make(vega, spec, width);
    if (this.#signal.aborted) return void drawing.view.finalize();
    if (this.#isHeld) {
      drawing.view.finalize();
      this.#isOutdated = true;
      this.element.dataset["state"] = this.#vega ? "drawn" : "drawing";
      return;
    }
    const columns = JSON.stringify(this.#view.roles.map(({ column }) => column));
    const brush = this.#isBrushed && columns === this.#columns ? this.#extent() : {};
    this.#vega?.finalize();
    [this.#vega, this.#spec, this.#columns, this.#isBrushed] = [drawing.view, spec, columns, false];
    if (this.#hasBrush() && hasExtent(brush)) await this.#brushAgain(brush);
    this.#note.hidden = true;
    this.#stage.replaceChildren(drawing.place);
    if (this.hasDots) this.#listen(drawing.view);
    this.element.dataset["state"] = "drawn";
    this.#listeners.drawn();
    this.#widen();
    // Runs that came meanwhile may be within it.
    const brushed = this.#brushed();
    if (this.#isBrushed && !same(brushed, this.#drawnAmong(this.#view.selection.runs))) this.#listeners.brush(brushed);
  }

  async #make(vega: Vega, spec: Spec, width: number): Promise<{ view: View; place: HTMLElement }> {
    const { spec: compiled } = vega.compile(
      {
        ...spec,
        width,
        config: { ...spec.config, background: this.look.page },
        ...(spec.params ? { params: spec.params.map(quietened) } : {}),
      } as never,
      { logger: QUIET },
    );
    const runtime = vega.parse(compiled, undefined, { ast: true });
    const view = new vega.View(runtime, {
      expr: vega.expressionInterpreter,
      loader: FORBIDDING,
      logger: QUIET,
      renderer: "canvas",
      tooltip: (_handler, event, _item, said) => this.#listeners.point(saidOf(said), event),
    } as ConstructorParameters<typeof View>[1]);
    const place = el("div", { class: "nbt-chart-plot", attributes: { "aria-hidden": true } });
    view.initialize(place);
    if (spec.params) view.data("selected_store", chosen(this.#drawnAmong(this.#view.selection.runs, spec)));
    await view.runAsync();
    return { view, place };
  }

  #listen(vega: View): void {
    vega.addEventListener("click", (event, item) => {
      const row = (item as { datum?: Row } | null)?.datum;
      this.#listeners.click(row?.run_id ?? null, event as MouseEvent);
    });
    if (!this.#hasBrush()) return;
    vega.addSignalListener("brush", () => {
      const runs = this.#brushed();
      if (!runs.length && !this.#isBrushed) return;
      const ended = this.#isBrushed && !hasExtent(vega.signal("brush"));
      if (!this.#isBrushed) void vega.data("selected_store", []).runAsync();
      this.#isBrushed = !ended;
      this.#listeners.brush(runs);
    });
  }

  #hasBrush(): boolean {
    return this.#spec?.params?.some(({ name }) => name === "brush") ?? false;
  }

  /** What the brush spans, in values, by axis; nothing where there is no brush. */
  #extent(): Extent {
    return (this.#hasBrush() && (this.#vega?.signal("brush") as Extent | undefined)) || {};
  }

  /** Brush the same values as before, wherever they now are. */
  async #brushAgain(extent: Extent): Promise<void> {
    const vega = this.#vega!;
    for (const [axis, [from, to]] of Object.entries(extent)) {
      const scale = vega.scale(axis) as (value: number) => number;
      vega.signal(`brush_${axis}_1`, [scale(from), scale(to)]);
    }
    await vega.data("selected_store", []).runAsync();
    this.#isBrushed = hasExtent(this.#extent());
  }

  /** The runs within the brush. */
  #brushed(): string[] {
    const extent = this.#extent();
    if (!hasExtent(extent)) return [];
    const within = Object.entries(extent).map(([field, [a, b]]) => {
      const [low, high] = a < b ? [a, b] : [b, a];
      return (row: Row) => {
        const value = row[field as "x" | "y"];
        return value !== null && Number(value) >= low && Number(value) <= high;
      };
    });
    const rows = this.#spec!.datasets["runs"] ?? [];
    return rows.filter((row) => within.every((takes) => takes(row))).map((row) => row.run_id!);
  }

  #clearBrush(): void {
    if (!this.#isBrushed) return;
    this.#isBrushed = false;
    // In pixels, from which the extent in values follows; Vega-Lite itself clears a brush so.
    const isExtent = (name?: string) => name === "brush_x_1" || name === "brush_y_1";
    const { signals } = this.#vega!.getState({ signals: isExtent, data: () => false }) as { signals: object };
    for (const name of Object.keys(signals)) this.#vega!.signal(name, [0, 0]);
  }

  #drawnAmong(runs: ReadonlySet<string>, spec = this.#spec): string[] {
    if (!runs.size) return [];
    return (spec?.datasets["runs"] ?? []).flatMap(({ run_id }) => (run_id && runs.has(run_id) ? [run_id] : []));
  }

  /** As wide as its place, which may have changed. */
  #widen(): void {
    const width = this.element.clientWidth;
    if (!this.#vega) return void (width && this.draw());
    if (!width || this.#signal.aborted || Math.abs(this.#vega.width() - width) < 1) return;
    void this.#vega
      .width(width)
      .runAsync()
      .then(() => this.#listeners.drawn());
  }

  #complain(error: unknown): void {
    if (this.#signal.aborted) return;
    this.#note.hidden = false;
    this.#note.textContent = `The chart could not be drawn here (${String(error)}). Run its cell again.`;
    this.element.dataset["state"] = "failed";
  }
}

/** `selected` without events of its own: what a click picks is decided for all widgets alike. */
function quietened(param: NonNullable<Spec["params"]>[number]): object {
  if (param.name !== "selected") return param;
  return { ...param, select: { ...param.select, on: "nbtrack-never", clear: false, toggle: false } };
}

/** The store of a selection that takes `runs`: one entry, asked as a set, however many they are. */
function chosen(runs: string[]): object[] {
  if (!runs.length) return [];
  const set = new Set(runs);
  const values = Object.assign([...runs], { includes: (run: string) => set.has(run) });
  return [{ unit: "", fields: [{ type: "E", field: "run_id" }], values: [values] }];
}

type Extent = Record<string, [number, number]>;

function hasExtent(extent: unknown): boolean {
  return typeof extent === "object" && extent !== null && Object.keys(extent).length > 0;
}

function same(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every((run, i) => run === b[i]);
}

function paddingOf(vega: View): { left: number; top: number } {
  const padding = vega.padding();
  return typeof padding === "number" ? { left: padding, top: padding } : { left: 0, top: 0, ...padding };
}

/** What a tooltip says; Vega gives `null` where nothing is under the pointer. */
function saidOf(said: unknown): Said | null {
  return typeof said === "object" && said !== null ? (said as Said) : null;
}

interface Mark {
  marktype?: string;
  role?: string;
  x?: number;
  y?: number;
  datum?: Row;
  tooltip?: Said;
  items?: Mark[];
}

function collectDots(mark: Mark, left: number, top: number, found: Dot[]): void {
  if (mark.marktype === "symbol" && mark.role === "mark") {
    for (const { x = 0, y = 0, datum, tooltip = {} } of mark.items ?? []) {
      if (datum?.run_id) found.push({ run: datum.run_id, said: tooltip, x: left + x, y: top + y });
    }
    return;
  }
  for (const inner of mark.items ?? []) {
    const isGroup = mark.marktype === "group";
    collectDots(inner, left + (isGroup ? (inner.x ?? 0) : 0), top + (isGroup ? (inner.y ?? 0) : 0), found);
  }
}

/** Specs of runs name no address; whatever would, gets nothing. */
const FORBIDDING = {
  load: () => Promise.reject(new Error("Charts load nothing.")),
  sanitize: () => Promise.reject(new Error("Charts load nothing.")),
  http: () => Promise.reject(new Error("Charts load nothing.")),
  file: () => Promise.reject(new Error("Charts load nothing.")),
};

/** Warnings of Vega are for who writes specs; errors are told. */
const QUIET = {
  level: () => QUIET,
  error: (...told: unknown[]) => (console.error("nbtrack:", ...told), QUIET),
  warn: () => QUIET,
  info: () => QUIET,
  debug: () => QUIET,
} as never;
