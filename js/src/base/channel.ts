/** Intents to the kernel, and their answers. An answer that a later intent overtook is dropped. */

import type { AnyModel } from "./anywidget.ts";
import { quietly } from "./quietly.ts";

export type Reply<Answer> = Answer & { buffers: DataView[] };

interface Waiting<Answer> {
  resolve: (reply: Reply<Answer> | null) => void;
}

/** How long an answer may take before the kernel counts as busy. */
const BUSY_AFTER_MS = 400;

export class Channel<Intent extends { kind: string }, Answer> {
  #model: AnyModel;
  #waiting = new Map<string, Waiting<Answer>>();
  #latest = new Map<string, string>();
  #next = 0;
  // Two views of one widget share its model: each knows its own answers by this.
  #prefix = Math.random().toString(36).slice(2, 8);
  #onBusy: (busy: boolean) => void;

  /** Says `opened` now, and `closed` when `signal` aborts: the kernel looks at the store in between. */
  constructor(model: AnyModel, onBusy: (busy: boolean) => void, signal: AbortSignal) {
    this.#model = model;
    this.#onBusy = onBusy;
    const receive = (message: { id?: string } & Answer, buffers: DataView[]) => {
      if (message.id !== undefined) this.#receive(message.id, { ...message, buffers });
    };
    model.on("msg:custom", receive);
    quietly(() => model.send({ kind: "opened" }));
    signal.addEventListener("abort", () => {
      model.off("msg:custom", receive);
      quietly(() => model.send({ kind: "closed" }));
    });
  }

  /** The answer, or `null` if a later intent of the same kind overtook this one, or nobody hears it. */
  ask(intent: Intent): Promise<Reply<Answer> | null> {
    const id = `${this.#prefix}-${this.#next++}`;
    this.#overtake(intent.kind);
    this.#latest.set(intent.kind, id);
    const answer = new Promise<Reply<Answer> | null>((resolve) => this.#waiting.set(id, { resolve }));
    if (!quietly(() => this.#model.send({ ...intent, id }))) this.#overtake(intent.kind);
    setTimeout(() => this.#waiting.has(id) && this.#onBusy(true), BUSY_AFTER_MS);
    return answer;
  }

  /** Say something that needs no answer. */
  tell(intent: Intent): void {
    quietly(() => this.#model.send(intent));
  }

  #overtake(kind: string): void {
    const id = this.#latest.get(kind);
    if (id === undefined) return;
    this.#waiting.get(id)?.resolve(null);
    this.#waiting.delete(id);
  }

  #receive(id: string, reply: Reply<Answer>): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#onBusy(false);
    waiting.resolve(reply);
  }
}
