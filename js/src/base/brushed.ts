/**
 * Runs that a brush takes: picked in every widget as it moves, told to the kernel when it rests.
 *
 * The kernel has the last word when it has answered the last that it was told: an answer that
 * something newer has overtaken is none, and what the kernel then says is still the old.
 */

import type { Selection } from "./selection.ts";

export const RESTS_AFTER_MS = 120;

export class Brushed {
  #selection: Selection;
  #tell: () => Promise<unknown>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #newest = 0;
  #answered: (() => void) | null = null;

  /** `tell` says to the kernel what the brush takes, and gives its answer. */
  constructor(selection: Selection, tell: () => Promise<unknown>, signal: AbortSignal) {
    this.#selection = selection;
    this.#tell = tell;
    signal.addEventListener("abort", () => this.hold());
  }

  /** Whether the kernel has yet to answer. */
  get isUnanswered(): boolean {
    return this.#answered !== null;
  }

  /** The brush takes these runs now. */
  pick(runs: Iterable<string>): void {
    if (this.#answered) this.#selection.show(runs);
    else this.#selection.change(runs, new Promise<void>((resolve) => (this.#answered = resolve)));
    this.#newest++;
    this.hold();
    this.#timer = setTimeout(() => void this.#say(), RESTS_AFTER_MS);
  }

  /** The brush is let go: the kernel hears of it now, before any cell that is run next. */
  settle(): void {
    if (!this.#answered) return;
    this.hold();
    void this.#say();
  }

  /** The kernel is told in another way, or nobody is left to tell it. */
  hold(): void {
    clearTimeout(this.#timer);
  }

  /** The kernel has answered. */
  answer(): void {
    this.#answered?.();
    this.#answered = null;
  }

  async #say(): Promise<void> {
    const said = ++this.#newest;
    await this.#tell();
    if (said === this.#newest) this.answer();
  }
}
