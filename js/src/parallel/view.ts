/**
 * Parallel coordinates as the browser knows them: the runs along each axis, the
 * brushes, what is picked. Changes are announced as events.
 */

import { tableFromIPC } from "@uwdata/flechette";
import type { AnyModel } from "../base/anywidget.ts";
import { Brushed } from "../base/brushed.ts";
import type { Column } from "../base/column.ts";
import { KernelView } from "../base/kernel_view.ts";
import { quietly } from "../base/quietly.ts";
import { Axis } from "./axis.ts";
import { Brushing } from "./brushing.ts";
import type { Answer, AxisHead, Brush, Brushes, Intent, Scale, Snapshot } from "./protocol.ts";

/**
 * `state`: anything may have changed; `axes`: their order, scale or direction;
 * `brushes`, `selection`, `error`, `busy`: just that.
 */
export type Change = "state" | "axes" | "brushes" | "selection" | "error" | "busy";

export class ParallelView extends KernelView<Change, Intent, Answer> {
  state: Snapshot["state"];
  runs: string[] = [];
  axes = new Map<string, Axis>();
  shown: string[] = [];
  color: string | null = null;
  brushing: Brushing;
  typed: string;

  #names: { at(run: number): unknown } | null = null;
  /** How many changes of the axes the kernel has not answered: its snapshots are older meanwhile. */
  #unanswered = 0;
  #brushed: Brushed;

  constructor(model: AnyModel, signal: AbortSignal) {
    super(model, signal);
    this.#brushed = new Brushed(this.selection, () => this.ask({ kind: "brush", brushes: this.brushing.all() }), signal);
    const snapshot = model.get<Snapshot>("_snapshot");
    this.state = snapshot.state;
    this.typed = snapshot.state.filter;
    this.brushing = new Brushing(this.axes, 0);
    this.#take(snapshot);
    this.selection.on(() => this.#followSelection(), signal);
    this.hear({
      "change:_snapshot": () => this.#take(model.get<Snapshot>("_snapshot")),
      "change:inverted": () => this.announce("axes"),
      "change:brushes": () => this.#followBrushes(),
    });
  }

  get visible(): Axis[] {
    return this.shown.map((name) => this.axes.get(name)).filter((axis): axis is Axis => axis !== undefined);
  }

  column(name: string): Column | undefined {
    return this.state.columns.find((column) => column.name === name);
  }

  isInverted(name: string): boolean {
    return this.model.get<string[]>("inverted").includes(name);
  }

  nameOf(run: number): string {
    return String(this.#names?.at(run) ?? "");
  }

  /** The runs that are picked, by place; `null` where none of those that are drawn is. */
  picked(): number[] | null {
    if (!this.brushing.isEmpty) return this.brushing.taken();
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

  /** Show these columns, in this order; `null` lets the kernel choose. */
  show(axes: string[] | null): void {
    if (axes) {
      this.shown = axes;
      for (const name of Object.keys(this.brushing.all())) if (!axes.includes(name)) this.brush(name, []);
      this.announce("axes");
    }
    void this.#settle({ kind: "axes", axes });
  }

  hide(name: string): void {
    this.show(this.shown.filter((other) => other !== name));
  }

  /** Let `name` stand at `place` among the axes that are shown. */
  move(name: string, place: number): void {
    const others = this.shown.filter((other) => other !== name);
    const at = Math.max(0, Math.min(others.length, place));
    if (this.shown[at] !== name) this.show([...others.slice(0, at), name, ...others.slice(at)]);
  }

  invert(name: string): void {
    const inverted = this.model.get<string[]>("inverted");
    const now = inverted.includes(name) ? inverted.filter((other) => other !== name) : [...inverted, name];
    this.model.set("inverted", now);
    quietly(() => this.model.save_changes());
  }

  colorBy(color: string): void {
    this.color = color;
    if (this.axes.has(color) || !color) this.announce("axes");
    void this.#settle({ kind: "color", color });
  }

  rescale(name: string, scale: Scale): void {
    const axis = this.axes.get(name);
    if (!axis) return;
    this.axes.set(name, axis.scaled(scale));
    this.announce("axes");
    void this.#settle({ kind: "scale", axis: name, scale });
  }

  /** Brush an axis, in place of what was brushed on it; an empty brush is none. */
  brush(name: string, brush: Brush): void {
    this.brushing.set(name, brush);
    this.#pickBrushed();
  }

  /** The brush is let go: the kernel hears of it now, before any cell that is run next. */
  settleBrushes(): void {
    this.#brushed.settle();
  }

  clearBrushes(): void {
    this.brushing.clear();
    this.#pickBrushed();
  }

  /** Pick these runs, and no others; brushes go. */
  pick(runs: Iterable<string>): void {
    const picked = [...runs];
    this.brushing.clear();
    this.announce("brushes");
    this.selection.change(picked, this.ask({ kind: "select", runs: picked }));
  }

  selectNone(): void {
    if (this.brushing.isEmpty) this.pick([]);
    else this.clearBrushes();
  }

  /** Let the filter list only what is brushed. */
  async keepBrushed(): Promise<void> {
    // The kernel may not have heard of the last brush yet.
    this.#brushed.hold();
    const answer = await this.ask({ kind: "keep", brushes: this.brushing.all() });
    if (answer?.kind !== "done") return;
    this.#brushed.answer();
    this.#followBrushes();
  }

  async svg(theme: "light" | "dark"): Promise<string | null> {
    const answer = await this.ask({ kind: "svg", theme });
    return answer?.kind === "svg" ? answer.svg : null;
  }

  async csv(): Promise<string | null> {
    const answer = await this.ask({ kind: "csv" });
    return answer?.kind === "csv" ? answer.text : null;
  }

  // Brushes and selection

  #pickBrushed(): void {
    const runs = this.brushing.taken().map((run) => this.runs[run]!);
    this.#brushed.pick(runs);
    this.announce("brushes");
  }

  #followBrushes(): void {
    if (this.#brushed.isUnanswered) return;
    const brushes = this.model.get<Brushes>("brushes");
    if (JSON.stringify(brushes) === JSON.stringify(this.brushing.all())) return;
    this.brushing.clear();
    for (const [name, brush] of Object.entries(brushes)) this.brushing.set(name, brush);
    this.announce("brushes");
  }

  #followSelection(): void {
    // What was picked elsewhere is no longer what the brushes take.
    if (!this.brushing.isEmpty && !this.#brushed.isUnanswered && !this.#isBrushed()) {
      this.brushing.clear();
      this.announce("brushes");
    }
    this.announce("selection");
  }

  #isBrushed(): boolean {
    const taken = this.brushing.taken();
    return taken.length === this.selection.size && taken.every((run) => this.selection.has(this.runs[run]!));
  }

  // What the kernel says

  #take(snapshot: Snapshot): void {
    const settled = this.typed === this.state.filter;
    this.state = snapshot.state;
    if (settled) this.typed = snapshot.state.filter;
    const rows = tableFromIPC(bytesOf(snapshot.rows));
    this.runs = rows.getChild("run_id").toArray() as string[];
    this.#names = rows.getChild("name");
    const scales = new Map([...this.axes].map(([name, axis]) => [name, axis.scale]));
    this.axes = new Map(
      snapshot.axes.map((head: AxisHead, i) => {
        const values = rows.getChild(String(i)).toArray() as Float64Array;
        const special = rows.names.includes(`${i}?`) ? (rows.getChild(`${i}?`).toArray() as Float64Array) : null;
        const scale = this.#unanswered ? scales.get(head.name) : undefined;
        return [head.name, new Axis(head, values, special, scale ?? head.scale)];
      }),
    );
    if (!this.#unanswered) {
      this.shown = snapshot.shown;
      this.color = snapshot.color;
    }
    const brushes = this.#brushed.isUnanswered ? this.brushing.all() : this.model.get<Brushes>("brushes");
    this.brushing = new Brushing(this.axes, this.runs.length);
    for (const [name, brush] of Object.entries(brushes)) this.brushing.set(name, brush);
    this.announce("state");
  }

  async #settle(intent: Intent): Promise<void> {
    this.#unanswered++;
    await this.ask(intent);
    this.#unanswered--;
    if (!this.#unanswered && !this.signal.aborted) this.#take(this.model.get<Snapshot>("_snapshot"));
  }

}

function bytesOf(buffer: DataView): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
