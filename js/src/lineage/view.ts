/** A lineage as the browser knows it: what the kernel said, and the box that is looked at. */

import type { AnyModel } from "../base/anywidget.ts";
import { besideCells } from "../base/beside_cells.ts";
import type { Reply } from "../base/channel.ts";
import { StoredView } from "../base/stored.ts";
import type { Answer, Box, Details, Intent, Snapshot } from "./protocol.ts";

export class LineageView extends StoredView<Snapshot, Intent, Answer> {
  /** The box that is looked at; what is known of it may be on its way. */
  looksAt: string | null = null;
  details: Details | null = null;
  #onLook: (() => void)[] = [];

  constructor(model: AnyModel, signal: AbortSignal) {
    super(besideCells(model, signal), signal);
  }

  onLook(listener: () => void): void {
    this.#onLook.push(listener);
  }

  box(key: string): Box | undefined {
    return this.snapshot.columns.flat().find((box) => box.key === key);
  }

  /** Look closer at a box; what was looked at before stays in sight until its details are here. */
  async look(key: string): Promise<void> {
    this.looksAt = key;
    this.#say();
    const answer = await this.ask({ kind: "look", key });
    if (answer?.kind !== "details" || this.looksAt !== key) return;
    this.details = answer as Reply<Answer>;
    this.#say();
  }

  leave(): void {
    this.looksAt = null;
    this.details = null;
    this.#say();
  }

  #say(): void {
    for (const listener of this.#onLook) listener();
  }
}
