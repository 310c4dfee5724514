/**
 * A chart as the browser knows it: its columns, its spec in both themes, what is
 * picked. Changes are announced as events.
 */

import type { AnyModel } from "../base/anywidget.ts";
import { Brushed } from "../base/brushed.ts";
import { KernelView } from "../base/kernel_view.ts";
import type { Answer, Intent, Role, Snapshot, Spec } from "./protocol.ts";

/** `state`: columns, counts or the filter; `spec`: what is drawn; the others: just that. */
export type Change = "state" | "spec" | "selection" | "error" | "busy";

export type Theme = "light" | "dark";

export class ChartView extends KernelView<Change, Intent, Answer> {
  state: Snapshot["state"];
  roles: Role[] = [];
  logs: Snapshot["logs"] = {};
  typed: string;

  #written = "";
  #specs: Record<Theme, Spec> | null = null;
  #brushed: Brushed;

  constructor(model: AnyModel, signal: AbortSignal) {
    super(model, signal);
    this.#brushed = new Brushed(this.selection, () => this.ask({ kind: "select", runs: [...this.selection.runs] }), signal);
    const snapshot = model.get<Snapshot>("_snapshot");
    this.state = snapshot.state;
    this.typed = snapshot.state.filter;
    this.#take(snapshot);
    this.selection.on(() => this.announce("selection"), signal);
    this.hear({
      "change:_snapshot": () => this.#take(model.get<Snapshot>("_snapshot")),
    });
  }

  get name(): string {
    return this.model.get<Snapshot>("_snapshot").name;
  }

  get isChosenForYou(): boolean {
    return this.model.get<Snapshot>("_snapshot").chosen_for_you;
  }

  /** The Vega-Lite spec for a theme; to be read, not changed. */
  spec(theme: Theme): Spec {
    this.#specs ??= readSpecs(this.#written);
    return this.#specs[theme];
  }

  // What the user asks for

  filter(text: string): void {
    this.typed = text;
    void this.ask({ kind: "filter", text }).then((answer) => answer?.kind === "done" && this.setError(null));
  }

  /** Show `name` as `role`; `null` leaves it out. */
  show(role: string, name: string | null): void {
    this.roles = this.roles.map((each) => (each.role === role ? { ...each, column: name } : each));
    this.announce("state");
    void this.ask({ kind: "column", role, name });
  }

  /** Let the kernel choose the columns. */
  choose(): void {
    void this.ask({ kind: "choose" });
  }

  rescale(axis: string, on: boolean | null): void {
    void this.ask({ kind: "log", axis, on });
  }

  /** Pick these runs, and no others. */
  pick(runs: Iterable<string>): void {
    const picked = [...runs];
    this.selection.change(picked, this.ask({ kind: "select", runs: picked }));
  }

  selectNone(): void {
    this.pick([]);
  }

  /** Pick the runs that a brush takes, as it moves; the kernel hears of them when it rests. */
  brush(runs: string[]): void {
    this.#brushed.pick(runs);
  }

  /** The brush is let go: the kernel hears of it now, before any cell that is run next. */
  settleBrush(): void {
    this.#brushed.settle();
  }

  async csv(): Promise<string | null> {
    const answer = await this.ask({ kind: "csv" });
    return answer?.kind === "csv" ? answer.text : null;
  }

  // What the kernel says

  #take(snapshot: Snapshot): void {
    const settled = this.typed === this.state.filter;
    this.state = snapshot.state;
    if (settled) this.typed = snapshot.state.filter;
    this.roles = snapshot.roles;
    this.logs = snapshot.logs;
    const written = new TextDecoder().decode(snapshot.specs);
    const isNew = written !== this.#written;
    if (isNew) [this.#written, this.#specs] = [written, null];
    this.announce("state");
    if (isNew) this.announce("spec");
  }

}

/** The dark spec names only those of its rows that are not the light one's. */
function readSpecs(written: string): Record<Theme, Spec> {
  const { light, dark } = JSON.parse(written) as Record<Theme, Spec>;
  return { light, dark: { ...dark, datasets: { ...light.datasets, ...dark.datasets } } };
}
