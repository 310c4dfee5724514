/** Which runs all brushes take. A brush that changes costs one pass over its own axis. */

import type { Axis } from "./axis.ts";
import type { Brush, Brushes } from "./protocol.ts";

export class Brushing {
  #axes: ReadonlyMap<string, Axis>;
  #brushes = new Map<string, Brush>();
  #misses = new Map<string, Uint8Array>();
  /** By run: how many brushes do not take it. */
  #missed: Uint16Array;

  constructor(axes: ReadonlyMap<string, Axis>, runs: number) {
    this.#axes = axes;
    this.#missed = new Uint16Array(runs);
  }

  get isEmpty(): boolean {
    return this.#brushes.size === 0;
  }

  get(axis: string): Brush | undefined {
    return this.#brushes.get(axis);
  }

  /** As the kernel keeps them. */
  all(): Brushes {
    return Object.fromEntries(this.#brushes);
  }

  /** Brush an axis; an empty brush is none. */
  set(name: string, brush: Brush): void {
    const axis = this.#axes.get(name);
    const before = this.#misses.get(name);
    if (before) for (let run = 0; run < before.length; run++) this.#missed[run]! -= before[run]!;
    this.#misses.delete(name);
    this.#brushes.delete(name);
    if (!brush.length || !axis) return;
    const misses = before ?? new Uint8Array(this.#missed.length);
    axis.miss(brush, misses);
    for (let run = 0; run < misses.length; run++) this.#missed[run]! += misses[run]!;
    this.#misses.set(name, misses);
    this.#brushes.set(name, brush);
  }

  clear(): void {
    for (const name of [...this.#brushes.keys()]) this.set(name, []);
  }

  /** The runs that every brush takes, by place; none where nothing is brushed. */
  taken(): number[] {
    const runs: number[] = [];
    if (this.isEmpty) return runs;
    for (let run = 0; run < this.#missed.length; run++) if (this.#missed[run] === 0) runs.push(run);
    return runs;
  }
}
