/** A board as the browser knows it: its runs and its grid. Its widgets know themselves. */

import type { AnyModel } from "../base/anywidget.ts";
import type { Filtered } from "../base/filter_bar.ts";
import { StoredView } from "../base/stored.ts";
import type { Answer, Intent, Snapshot } from "./protocol.ts";

export class BoardView extends StoredView<Snapshot, Intent, Answer> implements Filtered {
  typed: string;
  #answered: string;

  constructor(model: AnyModel, signal: AbortSignal) {
    super(model, signal);
    this.typed = this.#answered = this.state.filter;
    this.on("state", () => {
      // What is being typed is ahead of the kernel.
      if (this.typed === this.#answered) this.typed = this.state.filter;
      this.#answered = this.state.filter;
    });
  }

  get state(): Snapshot["state"] {
    return this.snapshot.state;
  }

  filter(text: string): void {
    this.typed = text;
    void this.ask({ kind: "filter", text });
  }

  selectNone(): void {
    this.pick([]);
  }

  arrange(columns: number): void {
    void this.ask({ kind: "columns", columns });
  }

  saveAs(name: string): void {
    void this.ask({ kind: "save", name });
  }
}
