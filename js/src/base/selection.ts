/**
 * The runs that are picked: one set for all widgets of a page on one store.
 *
 * A change shows in every widget at once, without the kernel, which may be busy
 * or gone; the kernel, told by the widget in which it was made, has the last word.
 */

import type { AnyModel } from "./anywidget.ts";

/** What the widgets of a page share; plain, since other versions of this module may be on it. */
interface Shared {
  runs: ReadonlySet<string>;
  /** How many changes the kernel has not yet answered: what it says meanwhile is old. */
  unanswered: number;
  listeners: Set<() => void>;
}

const PLACE = Symbol.for("nbtrack.selections");

export class Selection {
  #model: AnyModel;
  #shared: Shared;

  constructor(model: AnyModel, signal: AbortSignal) {
    this.#model = model;
    const all = selections();
    const link = model.get<string>("_link");
    const shared = all.get(link) ?? { runs: new Set(), unanswered: 0, listeners: new Set() };
    all.set(link, shared);
    this.#shared = shared;
    const heard = () => this.#hear();
    model.on("change:_picked", heard);
    signal.addEventListener("abort", () => model.off("change:_picked", heard));
    heard();
  }

  get runs(): ReadonlySet<string> {
    return this.#shared.runs;
  }

  get size(): number {
    return this.#shared.runs.size;
  }

  has(run: string): boolean {
    return this.#shared.runs.has(run);
  }

  /** Call `listener` whenever the set has changed, whoever changed it. */
  on(listener: () => void, signal: AbortSignal): void {
    this.#shared.listeners.add(listener);
    signal.addEventListener("abort", () => this.#shared.listeners.delete(listener));
  }

  /** Show `runs` as picked in every widget, until `answered` is the kernel's answer to it. */
  change(runs: Iterable<string>, answered: Promise<unknown>): void {
    this.#become(new Set(runs));
    this.#shared.unanswered++;
    void answered.then(() => {
      this.#shared.unanswered--;
      this.#hear();
    });
  }

  /** Show `runs` as picked in every widget, while an answer to an earlier `change` is awaited. */
  show(runs: Iterable<string>): void {
    this.#become(new Set(runs));
  }

  #hear(): void {
    if (this.#shared.unanswered > 0) return;
    const picked = decode(this.#model.get<DataView | null>("_picked"));
    if (!same(picked, this.#shared.runs)) this.#become(picked);
  }

  #become(runs: ReadonlySet<string>): void {
    this.#shared.runs = runs;
    for (const listener of [...this.#shared.listeners]) listener();
  }
}

function selections(): Map<string, Shared> {
  const page = globalThis as { [PLACE]?: Map<string, Shared> };
  return (page[PLACE] ??= new Map());
}

/** Ids of 16 bytes each, as hexadecimal digits. */
export function decode(bytes: DataView | null): Set<string> {
  const runs = new Set<string>();
  if (!bytes) return runs;
  for (let at = 0; at + 16 <= bytes.byteLength; at += 16) {
    let run = "";
    for (let i = 0; i < 16; i++) run += HEX[bytes.getUint8(at + i)];
    runs.add(run);
  }
  return runs;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function same(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  if (a.size !== b.size) return false;
  for (const run of a) if (!b.has(run)) return false;
  return true;
}
