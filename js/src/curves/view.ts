/**
 * Curves as the browser knows them: the lines of each metric, what is picked, pointed at
 * and zoomed into. Changes are announced as events.
 */

import { tableFromIPC } from "@uwdata/flechette";
import type { AnyModel } from "../base/anywidget.ts";
import type { Column } from "../base/column.ts";
import { KernelView } from "../base/kernel_view.ts";
import { quietly } from "../base/quietly.ts";
import { bytesOf, decode, refine, smooth, type Line, type Lines, type Smooth } from "./lines.ts";
import type { Answer, Intent, Paint, Ranges, Snapshot, X } from "./protocol.ts";

/**
 * `state`: anything may have changed; `look`: smoothing, scales or ranges; `hover`: what is
 * pointed at; `selection`, `error`, `busy`: just that.
 */
export type Change = "state" | "look" | "hover" | "selection" | "error" | "busy";

/** A point of a line: `at` is its place in the line as it is now. */
export interface Pointed {
  metric: string;
  run: number;
  at: number;
}

const SMOOTHING_SETTLED_MS = 200;

export class CurvesView extends KernelView<Change, Intent, Answer> {
  state: Snapshot["state"];
  runs: string[] = [];
  metrics: string[] = [];
  chosen = false;
  leftOut = 0;
  asked = 0;
  x: X = "step";
  logX = false;
  color: string | null = null;
  paint: Paint | null = null;
  /** Of each run: its value in the column that colours, and why it has none; or its stroke. */
  colors: Float64Array | null = null;
  special: Float64Array | null = null;
  strokes: Float64Array | null = null;
  smoothing: number;
  pointed: Pointed | null = null;
  /** Runs that stand out because they are pointed at, here or in the legend. */
  lit: ReadonlySet<number> = new Set();
  typed: string;

  #names: { at(run: number): unknown } | null = null;
  #lines: Lines = new Map();
  #finer: { lines: Lines; ranges: Ranges; runs: string[] } | null = null;
  #merged = new Map<string, Map<number, Line>>();
  #smooth = new WeakMap<Line, Smooth>();
  /** How many changes of what is shown the kernel has not answered: its snapshots are older meanwhile. */
  #unanswered = 0;
  #isAsking = false;
  #smoothingTimer = 0;

  constructor(model: AnyModel, signal: AbortSignal) {
    super(model, signal);
    const snapshot = model.get<Snapshot>("_snapshot");
    this.state = snapshot.state;
    this.typed = snapshot.state.filter;
    this.smoothing = model.get<number>("smoothing");
    this.#take(snapshot);
    this.selection.on(() => this.announce("selection"), signal);
    this.hear({
      "change:_snapshot": () => this.#take(model.get<Snapshot>("_snapshot")),
      "change:smoothing": () => this.#followSmoothing(),
      "change:log_y": () => this.announce("look"),
      "change:ranges": () => this.#followRanges(),
    });
    signal.addEventListener("abort", () => clearTimeout(this.#smoothingTimer));
  }

  get ranges(): Ranges {
    return this.model.get<Ranges>("ranges");
  }

  isLogY(metric: string): boolean {
    return this.model.get<string[]>("log_y").includes(metric);
  }

  /** Whether x is logarithmic; a time never is. */
  get isLogX(): boolean {
    return this.logX && this.x !== "time";
  }

  column(name: string): Column | undefined {
    return this.state.columns.find((column) => column.name === name);
  }

  nameOf(run: number): string {
    return String(this.#names?.at(run) ?? "");
  }

  /** The lines of a metric by run, as fine as they are known. */
  linesOf(metric: string): ReadonlyMap<number, Line> {
    const coarse = this.#lines.get(metric) ?? new Map<number, Line>();
    const range = this.ranges[metric];
    const finer = this.#finer?.lines.get(metric);
    const read = this.#finer?.ranges[metric];
    if (!range || !finer || !read) return coarse;
    let merged = this.#merged.get(metric);
    if (!merged) {
      const placeOf = new Map(this.runs.map((run, place) => [run, place]));
      const fineOf = new Map([...finer].map(([run, line]) => [placeOf.get(this.#finer!.runs[run]!) ?? -1, line]));
      merged = new Map([...coarse].map(([run, line]) => [run, refine(line, fineOf.get(run), ...read)]));
      this.#merged.set(metric, merged);
    }
    return merged;
  }

  smoothOf(line: Line): Smooth {
    let made = this.#smooth.get(line);
    if (!made) this.#smooth.set(line, (made = smooth(line, this.smoothing)));
    return made;
  }

  /** The places of the runs that are picked; `null` where none of those that are drawn is. */
  picked(): number[] | null {
    if (!this.selection.size) return null;
    const places = [];
    for (let run = 0; run < this.runs.length; run++) if (this.selection.has(this.runs[run]!)) places.push(run);
    return places;
  }

  // What the user asks for

  filter(text: string): void {
    this.typed = text;
    void this.ask({ kind: "filter", text }).then((answer) => answer?.kind === "done" && this.setError(null));
  }

  /** Show these metrics, in this order; `null` lets the kernel choose. */
  show(metrics: string[] | null): void {
    if (metrics) {
      this.metrics = metrics;
      this.announce("state");
    }
    void this.#settle({ kind: "metrics", metrics });
  }

  goAlong(x: X, logX: boolean): void {
    [this.x, this.logX] = [x, logX];
    void this.#settle({ kind: "along", x, log_x: logX });
  }

  colorBy(color: string | null): void {
    this.color = color;
    void this.#settle({ kind: "color", color });
  }

  smoothBy(smoothing: number): void {
    this.#becomeSmooth(smoothing);
    clearTimeout(this.#smoothingTimer);
    this.#smoothingTimer = window.setTimeout(() => {
      this.#smoothingTimer = 0;
      this.#set("smoothing", smoothing);
    }, SMOOTHING_SETTLED_MS);
  }

  toggleLogY(metric: string): void {
    const logged = this.model.get<string[]>("log_y");
    this.#set("log_y", this.isLogY(metric) ? logged.filter((other) => other !== metric) : [...logged, metric]);
  }

  /** Show x from `low` to `high`; `null` shows all of it. */
  zoom(metric: string, range: [number, number] | null): void {
    const ranges = { ...this.ranges };
    if (range) ranges[metric] = range;
    else delete ranges[metric];
    this.#set("ranges", ranges);
  }

  /** Pick these runs, and no others. */
  pick(runs: Iterable<string>): void {
    const picked = [...runs];
    this.selection.change(picked, this.ask({ kind: "select", runs: picked }));
  }

  /** Pick just these; or, with `also`, add them to those that are picked, or let them go. */
  choose(runs: readonly number[], also: boolean): void {
    const ids = runs.map((run) => this.runs[run]!);
    const all = ids.every((id) => this.selection.has(id));
    if (!also) return this.pick(all && this.selection.size === ids.length ? [] : ids);
    const picked = new Set(this.selection.runs);
    for (const id of ids) {
      if (all) picked.delete(id);
      else picked.add(id);
    }
    this.pick(picked);
  }

  selectNone(): void {
    this.pick([]);
  }

  point(pointed: Pointed | null): void {
    // The same set while it is the same run: what stands out is not drawn anew.
    if (!pointed || this.pointed?.run !== pointed.run) this.lit = new Set(pointed ? [pointed.run] : []);
    this.pointed = pointed;
    this.announce("hover");
  }

  light(runs: Iterable<number>): void {
    this.pointed = null;
    this.lit = new Set(runs);
    this.announce("hover");
  }

  async svg(theme: "light" | "dark"): Promise<string | null> {
    const answer = await this.ask({ kind: "svg", theme });
    return answer?.kind === "svg" ? answer.svg : null;
  }

  // What the kernel says

  #take(snapshot: Snapshot): void {
    const settled = this.typed === this.state.filter;
    this.state = snapshot.state;
    if (settled) this.typed = snapshot.state.filter;
    const pointed = this.pointed && { ...this.pointed, id: this.runs[this.pointed.run] };
    const runs = tableFromIPC(bytesOf(snapshot.runs));
    const column = (name: string) =>
      runs.names.includes(name) ? Float64Array.from(runs.getChild(name).toArray() as ArrayLike<number>) : null;
    this.runs = runs.getChild("run_id").toArray() as string[];
    this.#names = runs.getChild("name");
    [this.colors, this.special, this.strokes] = [column("color"), column("color?"), column("stroke")];
    this.#lines = decode(snapshot, snapshot.metrics);
    this.#merged.clear();
    this.paint = snapshot.paint;
    this.asked = snapshot.asked;
    this.leftOut = snapshot.left_out;
    if (!this.#unanswered) {
      this.metrics = snapshot.metrics;
      this.chosen = snapshot.chosen;
      this.color = snapshot.color;
    }
    [this.x, this.logX] = [snapshot.x, snapshot.log_x];
    const run = pointed ? this.runs.indexOf(pointed.id!) : -1;
    const line = pointed && run >= 0 ? this.linesOf(pointed.metric).get(run) : undefined;
    this.pointed = pointed && line ? { metric: pointed.metric, run, at: Math.min(pointed.at, line.x.length - 1) } : null;
    this.lit = new Set(this.pointed ? [run] : []);
    this.announce("state");
    void this.#askFiner();
  }

  #followRanges(): void {
    this.#merged.clear();
    this.announce("look");
    void this.#askFiner();
  }

  /** One question is under way at a time; what has changed meanwhile is asked when it is answered. */
  async #askFiner(): Promise<void> {
    const ranges = this.ranges;
    if (this.#isAsking || !Object.keys(ranges).length || this.signal.aborted) return;
    this.#isAsking = true;
    const runs = this.runs;
    const answer = await this.ask({ kind: "curves", ranges });
    this.#isAsking = false;
    if (answer?.kind !== "curves" || this.signal.aborted) return;
    const [series, points, levels] = answer.buffers as [DataView, DataView, DataView];
    // The kernel may know other runs by now; then it has said so, and is asked again.
    if (runs === this.runs || sameRuns(runs, this.runs)) {
      this.#finer = { lines: decode({ series, points, levels }, answer.metrics), ranges: answer.ranges, runs };
      this.#merged.clear();
      this.announce("look");
      if (JSON.stringify(this.ranges) !== JSON.stringify(ranges)) void this.#askFiner();
    } else void this.#askFiner();
  }

  #followSmoothing(): void {
    if (!this.#smoothingTimer) this.#becomeSmooth(this.model.get<number>("smoothing"));
  }

  #becomeSmooth(smoothing: number): void {
    if (smoothing === this.smoothing) return;
    this.smoothing = smoothing;
    this.#smooth = new WeakMap();
    this.announce("look");
  }

  #set(trait: string, value: unknown): void {
    this.model.set(trait, value);
    quietly(() => this.model.save_changes());
  }

  async #settle(intent: Intent): Promise<void> {
    this.#unanswered++;
    await this.ask(intent);
    this.#unanswered--;
    if (!this.#unanswered && !this.signal.aborted) this.#take(this.model.get<Snapshot>("_snapshot"));
  }

}

function sameRuns(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((run, place) => run === b[place]);
}
