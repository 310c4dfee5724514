/** The registry as the browser knows it: what the kernel said, and what is being decided. */

import type { AnyModel } from "../base/anywidget.ts";
import { besideCells } from "../base/beside_cells.ts";
import { StoredView } from "../base/stored.ts";
import type { Answer, Evidence, Intent, Request, Shown, Snapshot, Stage, Version } from "./protocol.ts";

/** What somebody is about to decide, until it is confirmed or given up. */
export type Decision =
  | { kind: "move"; version: number; stage: Stage }
  | { kind: "ask"; version: number; stage: Stage }
  | { kind: "approve"; request: Request }
  | { kind: "reject"; request: Request }
  | { kind: "roll_back"; to: number }
  | { kind: "comment"; version: number };

export class RegistryView extends StoredView<Snapshot, Intent, Answer> {
  decision: Decision | null = null;
  /** The registry's last change when the decision was begun: what the user had seen. */
  #seen = 0;
  #onDecision: (() => void)[] = [];
  #wanted: number | null = null;

  constructor(model: AnyModel, signal: AbortSignal) {
    super(besideCells(model, signal), signal);
  }

  get shown(): Shown | null {
    return this.snapshot.model;
  }

  /** The evidence for the version that is looked at; `null` until the kernel has told it. */
  get chosen(): Evidence | null {
    const told = this.shown?.chosen ?? null;
    return this.#wanted === null || told?.version === this.#wanted ? told : null;
  }

  /** The version that is looked at, though its evidence may be on its way. */
  get looksAt(): number | null {
    return this.#wanted ?? this.shown?.chosen?.version ?? null;
  }

  version(number: number): Version | undefined {
    return this.shown?.versions.find((each) => each.version === number);
  }

  /** Those in Production that a promotion of `version` would send to Archived. */
  replacedBy(version: number): number[] {
    return (this.shown?.versions ?? [])
      .filter((each) => each.stage === "Production" && each.version !== version)
      .map((each) => each.version);
  }

  show(name: string): void {
    if (name === this.shown?.name) return;
    this.giveUp();
    void this.ask({ kind: "model", name });
  }

  async choose(version: number): Promise<void> {
    if (version === this.looksAt) return;
    this.giveUp();
    // From now on no button is of the version that was looked at before.
    this.#wanted = version;
    this.announce("state");
    const answer = await this.ask({ kind: "choose", version });
    if (!answer) return;
    this.#wanted = null;
    this.announce("state");
  }

  onDecision(listener: () => void): void {
    this.#onDecision.push(listener);
  }

  begin(decision: Decision): void {
    this.decision = decision;
    this.#seen = this.shown?.seen ?? 0;
    this.setError(null);
    for (const listener of this.#onDecision) listener();
  }

  giveUp(): void {
    if (!this.decision) return;
    this.decision = null;
    this.setError(null);
    for (const listener of this.#onDecision) listener();
  }

  /** Have it decided; whether it was. What was refused stays open, and is told. */
  async confirm(comment: string, override: string | null): Promise<boolean> {
    const intent = this.#intent(comment, override);
    if (!intent) return false;
    const answer = await this.ask(intent);
    if (answer?.kind === "refused") this.setError((answer as { message: string }).message);
    if (answer?.kind === "error") this.#seen = this.shown?.seen ?? 0;
    if (answer?.kind !== "done") return false;
    this.giveUp();
    return true;
  }

  #intent(comment: string, override: string | null): Intent | null {
    const { decision } = this;
    const name = this.shown?.name;
    if (!decision || name === undefined) return null;
    const seen = this.#seen;
    switch (decision.kind) {
      case "move":
        return { kind: "move", name, version: decision.version, stage: decision.stage, comment, override, seen };
      case "ask":
        return { kind: "ask", name, version: decision.version, stage: decision.stage, comment };
      case "approve":
        return { kind: "approve", request: decision.request.request, comment, override, seen };
      case "reject":
        return { kind: "reject", request: decision.request.request, comment };
      case "roll_back":
        return { kind: "roll_back", name, comment, seen };
      case "comment":
        return { kind: "comment", version: decision.version, comment };
    }
  }
}
