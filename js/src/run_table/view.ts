/**
 * The table as the browser knows it: the kernel's state, the pages and curves
 * that have arrived, and what is open. Changes are announced as events, so that
 * the parts of the page need not know each other.
 */

import type { AnyModel } from "../base/anywidget.ts";
import type { Reply } from "../base/channel.ts";
import type { Column } from "../base/column.ts";
import { curvesByKey, type CurvesByKey } from "../base/curves.ts";
import type { Figure } from "../base/run.ts";
import { KernelView } from "../base/kernel_view.ts";
import { Lines, type Line } from "./lines.ts";
import { Pages, pageStart, type Place } from "./pages.ts";
import type {
  Answer,
  Detail,
  Group,
  Intent,
  OrderKey,
  Snapshot,
  State,
} from "./protocol.ts";
import { Rows, takeCurves, type Curves } from "./rows.ts";

/**
 * `state`: anything may have changed; `rows`: rows or curves arrived;
 * `selection`, `detail`, `comparison`, `error`, `busy`: just that.
 */
export type Change = "state" | "rows" | "selection" | "detail" | "comparison" | "error" | "busy";

export interface OpenDetail {
  detail: Detail;
  curves: CurvesByKey;
  figures: Figure[];
}

const SETTLED_AFTER_MS = 80;

export class TableView extends KernelView<Change, Intent, Answer> {
  state: State;
  lines: Lines;
  readonly curves: Curves = new Map();
  detail: OpenDetail | null = null;
  /** The model of the comparison that is open below. */
  comparison: AnyModel | null = null;
  /** What the user typed last; it may be ahead of the kernel's `state.filter`. */
  typed: string;

  #pages = new Pages();
  #openGroups = new Set<string | null>();
  #window: [number, number] = [0, 0];
  #fetching = false;
  #curvesOf = new Set<string>();
  #settleTimer = 0;
  #told = "null/0";

  constructor(model: AnyModel, signal: AbortSignal) {
    super(model, signal);
    this.selection.on(() => this.announce("selection"), signal);
    const snapshot = model.get<Snapshot>("_snapshot");
    this.state = snapshot.state;
    this.typed = snapshot.state.filter;
    this.lines = Lines.ofRuns(0);
    this.#take(snapshot);
    this.hear({
      "change:_snapshot": () => {
        this.#take(model.get<Snapshot>("_snapshot"));
        this.announce("state");
      },
    });
    signal.addEventListener("abort", () => clearTimeout(this.#settleTimer));
  }

  column(name: string): Column | undefined {
    return this.state.columns.find((column) => column.name === name);
  }

  /** A run's row, if its page is here. */
  row(line: Line | null): { rows: Rows; row: number } | null {
    return line?.kind === "run" ? this.#pages.find(line.within, line.offset) : null;
  }

  runAt(line: number): string | null {
    const found = this.row(this.lines.at(line));
    return found ? found.rows.text(found.row, "run_id") : null;
  }

  group(place: number): Group | undefined {
    return this.state.groups?.[place];
  }

  isOpen(group: Group): boolean {
    return this.#openGroups.has(group.value);
  }

  loadedRows(): Iterable<Rows> {
    return this.#pages.loaded();
  }

  // What the user asks for

  filter(text: string): void {
    this.typed = text;
    void this.ask({ kind: "filter", text });
  }

  sort(order: OrderKey[]): void {
    void this.ask({ kind: "sort", order });
  }

  groupBy(by: string | null): void {
    void this.ask({ kind: "group", by });
  }

  setColumns(change: {
    shown?: string[] | null;
    pinned?: string[];
    constant?: boolean;
    best?: Record<string, "max" | "min" | "none">;
  }): void {
    const { shown, chosen, pinned, constant } = this.state;
    void this.ask({
      kind: "columns",
      shown: change.shown === undefined ? (chosen ? shown : null) : change.shown,
      pinned: change.pinned ?? pinned,
      constant: change.constant ?? constant,
      best: change.best ?? {},
    });
  }

  select(runs: string[], on: boolean): void {
    const picked = new Set(this.selection.runs);
    for (const run of runs) if (on) picked.add(run);
      else picked.delete(run);
    this.selection.change(picked, this.ask({ kind: "select", runs, on }));
  }

  /** Select every run from one line to another, whether their pages are here or not. */
  selectLines(from: number, to: number): void {
    const [first, last] = from < to ? [from, to] : [to, from];
    const runs = [];
    let known = true;
    for (let line = first; line <= last; line++) {
      const run = this.runAt(line);
      if (run) runs.push(run);
      else known &&= this.lines.at(line)?.kind === "group";
    }
    const [a, b] = [this.lines.at(first), this.lines.at(last)];
    if (!known && a?.kind === "run" && b?.kind === "run" && a.within === b.within) {
      void this.ask({
        kind: "select_range",
        from: a.offset,
        to: b.offset,
        on: true,
        within: a.within,
      });
    } else {
      this.select(runs, true);
    }
  }

  selectAll(): void {
    void this.ask({ kind: "select_all", on: true });
  }

  selectNone(): void {
    this.selection.change([], this.ask({ kind: "select_all", on: false }));
  }

  toggleGroup(group: Group): void {
    if (!this.#openGroups.delete(group.value)) this.#openGroups.add(group.value);
    this.#layOutLines();
    this.announce("state");
  }

  openDetail(run: string): void {
    void this.ask({ kind: "detail", run });
  }

  closeDetail(): void {
    this.detail = null;
    this.announce("detail");
  }

  /** Whether the page can show another widget's model here. */
  get canCompare(): boolean {
    return this.model.widget_manager !== undefined;
  }

  compare(on: boolean): void {
    void this.ask({ kind: "compare", on });
  }

  /** Lines `first` to `last` are on screen: fetch what is missing of them. */
  show(first: number, last: number): void {
    this.#window = [first, last];
    void this.#fetch();
    this.#settle();
  }

  // What the kernel says

  #take(snapshot: Snapshot): void {
    const settled = this.typed === this.state.filter;
    this.state = snapshot.state;
    if (settled) this.typed = snapshot.state.filter;
    if (snapshot.page && snapshot.rows) {
      this.#pages.put(snapshot.page, snapshot.state.revision, new Rows(snapshot.rows));
    }
    if (snapshot.curves) this.#takeCurves(snapshot.curves, true);
    this.#layOutLines();
  }

  #layOutLines(): void {
    const { groups, total } = this.state;
    this.lines = groups ? Lines.ofGroups(groups, this.#openGroups) : Lines.ofRuns(total);
  }

  protected override async ask(intent: Intent): Promise<Reply<Answer> | null> {
    const reply = await super.ask(intent);
    if (!reply || this.signal.aborted) return null;
    switch (reply.kind) {
      case "state":
        this.#receiveState(reply);
        break;
      case "detail":
        this.detail = {
          detail: reply.detail,
          curves: curvesByKey(reply.buffers[0]!),
          figures: detailFigures(reply.detail, reply.buffers),
        };
        this.announce("detail");
        break;
      case "comparison":
        this.comparison = reply.model ? ((await this.model.widget_manager?.get_model(reply.model)) ?? null) : null;
        if (!this.signal.aborted) this.announce("comparison");
    }
    return reply;
  }

  #receiveState(reply: Reply<Answer> & { kind: "state" }): void {
    this.error = null;
    if (reply.state.group !== this.state.group) this.#openGroups.clear();
    // Rows of another question would be taken for answers to this one.
    this.#pages.clear();
    this.#take({
      state: reply.state,
      page: reply.page,
      rows: reply.buffers[0] ?? null,
      curves: null,
    });
    this.announce("error");
    this.announce("state");
  }

  async #fetch(): Promise<void> {
    if (this.#fetching) return;
    this.#fetching = true;
    try {
      for (let place = this.#missing(); place; place = this.#missing()) {
        const { revision } = this.state;
        const reply = await this.ask({ kind: "page", revision, ...place });
        if (!reply || reply.kind !== "page") return;
        const rows = reply.buffers[0];
        if (!rows) return;
        if (reply.revision !== this.state.revision) continue;
        this.#pages.put(reply, reply.revision, new Rows(rows));
        this.announce("rows");
      }
    } finally {
      this.#fetching = false;
    }
  }

  /** The next page to fetch: one on screen, else the one below it. */
  #missing(): Place | null {
    const [first, last] = this.#window;
    for (const line of [...span(first, last), last + (last - first)]) {
      const at = this.lines.at(line);
      if (at?.kind !== "run") continue;
      const place = { within: at.within, offset: pageStart(at.offset) };
      if (!this.#pages.isFresh(place, this.state.revision)) return place;
    }
    return null;
  }

  /** Once scrolling rests: say what is on screen, and ask for its curves. */
  #settle(): void {
    clearTimeout(this.#settleTimer);
    this.#settleTimer = window.setTimeout(() => {
      const at = this.lines.at(this.#window[0]);
      const within = at?.kind === "run" ? at.within : null;
      const offset = at?.kind === "run" ? pageStart(at.offset) : 0;
      const place = `${within}/${offset}`;
      if (place !== this.#told) this.tell({ kind: "window", offset, within });
      this.#told = place;
      if (this.state.columns.some((column) => column.curve)) void this.#fetchCurves();
    }, SETTLED_AFTER_MS);
  }

  async #fetchCurves(): Promise<void> {
    const runs = span(...this.#window)
      .map((line) => this.runAt(line))
      .filter((run): run is string => run !== null && !this.#curvesOf.has(run));
    if (!runs.length) return;
    const reply = await this.ask({ kind: "curves", runs });
    if (!reply || reply.kind !== "curves" || !reply.buffers[0]) return;
    for (const run of runs) this.#curvesOf.add(run);
    this.#takeCurves(reply.buffers[0], false);
    this.announce("rows");
  }

  #takeCurves(buffer: DataView, renewed: boolean): void {
    // After news from the store, curves of other runs may have grown too.
    if (renewed) this.#curvesOf.clear();
    takeCurves(buffer, this.curves);
    if (renewed) for (const run of this.curves.keys()) if (!this.#isRunning(run)) this.#curvesOf.add(run);
  }

  #isRunning(run: string): boolean {
    for (const rows of this.#pages.loaded()) {
      for (let row = 0; row < rows.length; row++) {
        if (rows.text(row, "run_id") === run) return rows.text(row, "status") === "running";
      }
    }
    return false;
  }

}

function span(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
}

function detailFigures(detail: Detail, buffers: DataView[]): OpenDetail["figures"] {
  return detail.figures.map(({ path, media_type }, i) => {
    const bytes = buffers[1 + i]!;
    return { path, image: new Blob([bytes as DataView<ArrayBuffer>], { type: media_type }) };
  });
}
