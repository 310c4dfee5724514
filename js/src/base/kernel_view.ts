/** What every widget's view is made on: it asks the kernel, and announces what has changed. */

import type { AnyModel } from "./anywidget.ts";
import { Channel, type Reply } from "./channel.ts";
import { Selection } from "./selection.ts";

/** `state`: anything may have changed; `selection`, `error`, `busy`: just that. */
export type CommonChange = "state" | "selection" | "error" | "busy";

export class KernelView<Change extends string, Intent extends { kind: string }, Answer extends { kind: string }> {
  readonly selection: Selection;
  error: string | null = null;
  busy = false;

  protected readonly model: AnyModel;
  protected readonly signal: AbortSignal;
  #channel: Channel<Intent, Answer>;
  #listeners = new Map<Change | CommonChange, (() => void)[]>();

  constructor(model: AnyModel, signal: AbortSignal) {
    this.model = model;
    this.signal = signal;
    this.selection = new Selection(model, signal);
    this.#channel = new Channel(model, (busy) => this.#setBusy(busy), signal);
    this.hear({ "change:_trouble": () => this.announce("busy") });
  }

  on(change: Change | CommonChange, listener: () => void): void {
    this.#listeners.set(change, [...(this.#listeners.get(change) ?? []), listener]);
  }

  /** What keeps the kernel from reading the store; else empty. */
  get trouble(): string {
    return this.model.get<string>("_trouble");
  }

  protected announce(change: Change | CommonChange): void {
    for (const listener of this.#listeners.get(change) ?? []) listener();
  }

  /** Listen to the model's events for as long as the view lives. */
  protected hear(events: Record<string, () => void>): void {
    for (const [event, listener] of Object.entries(events)) {
      this.model.on(event, listener);
      this.signal.addEventListener("abort", () => this.model.off(event, listener));
    }
  }

  /** The answer; `null` where a later question overtook this one. */
  protected async ask(intent: Intent): Promise<Reply<Answer> | null> {
    const answer = await this.#channel.ask(intent);
    if (answer?.kind === "error" && !this.signal.aborted) {
      this.setError((answer as Reply<Answer> & { message: string }).message);
    }
    return answer;
  }

  /** Say something that needs no answer. */
  protected tell(intent: Intent): void {
    this.#channel.tell(intent);
  }

  protected setError(error: string | null): void {
    if (error === this.error) return;
    this.error = error;
    this.announce("error");
    this.announce("state");
  }

  #setBusy(busy: boolean): void {
    if (busy === this.busy) return;
    this.busy = busy;
    this.announce("busy");
  }
}
