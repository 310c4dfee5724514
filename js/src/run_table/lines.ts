/**
 * The lines of the table, top to bottom: runs, or groups with the runs of those
 * that are open under them. A line's number leads to a run's place in the store.
 */

import type { Group } from "./protocol.ts";

export type Line =
  | { kind: "run"; within: number | null; offset: number }
  | { kind: "group"; group: number };

export class Lines {
  /** Without grouping: one line a run. */
  static ofRuns(total: number): Lines {
    return new Lines(total, null, []);
  }

  static ofGroups(groups: readonly Group[], open: ReadonlySet<string | null>): Lines {
    const starts: number[] = [];
    let line = 0;
    for (const group of groups) {
      starts.push(line);
      line += 1 + (open.has(group.value) ? group.runs : 0);
    }
    return new Lines(line, groups, starts);
  }

  readonly length: number;
  #groups: readonly Group[] | null;
  #starts: number[];

  private constructor(length: number, groups: readonly Group[] | null, starts: number[]) {
    this.length = length;
    this.#groups = groups;
    this.#starts = starts;
  }

  at(line: number): Line | null {
    if (line < 0 || line >= this.length) return null;
    if (!this.#groups) return { kind: "run", within: null, offset: line };
    const group = this.#groupOf(line);
    const offset = line - (this.#starts[group] ?? 0) - 1;
    return offset < 0 ? { kind: "group", group } : { kind: "run", within: group, offset };
  }

  /** The last group that starts at `line` or above. */
  #groupOf(line: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= line) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
