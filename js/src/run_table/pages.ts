/**
 * The pages of rows that have arrived. Old ones stay to be shown until their
 * successors are there; the least recently used are forgotten.
 */

import type { Rows } from "./rows.ts";

export const PAGE_ROWS = 100;
const KEPT_PAGES = 60;

interface Page {
  revision: number;
  rows: Rows;
  /** Where in `rows` the page begins. */
  start: number;
}

export interface Place {
  within: number | null;
  /** The page's first row. */
  offset: number;
}

export class Pages {
  #pages = new Map<string, Page>();

  /** Where row `offset` of a group (or of all runs) stands: its page's rows, and its place there. */
  find(within: number | null, offset: number): { rows: Rows; row: number } | null {
    const start = pageStart(offset);
    const key = keyOf({ within, offset: start });
    const page = this.#pages.get(key);
    const row = (page?.start ?? 0) + offset - start;
    if (!page || row >= page.rows.length) return null;
    this.#pages.delete(key);
    this.#pages.set(key, page);
    return { rows: page.rows, row };
  }

  isFresh(place: Place, revision: number): boolean {
    return this.#pages.get(keyOf(place))?.revision === revision;
  }

  /** Take rows that begin at `place`: one page, or several in a row. */
  put({ within, offset }: Place, revision: number, rows: Rows): void {
    for (let start = 0; start < Math.max(rows.length, 1); start += PAGE_ROWS) {
      const key = keyOf({ within, offset: offset + start });
      this.#pages.delete(key);
      this.#pages.set(key, { revision, rows, start });
    }
    for (const key of this.#pages.keys()) {
      if (this.#pages.size <= KEPT_PAGES) break;
      this.#pages.delete(key);
    }
  }

  clear(): void {
    this.#pages.clear();
  }

  /** Every page's rows, for what is measured over all that is known. */
  loaded(): Iterable<Rows> {
    return new Set([...this.#pages.values()].map((page) => page.rows));
  }
}

export function pageStart(offset: number): number {
  return offset - (offset % PAGE_ROWS);
}

function keyOf(place: Place): string {
  return `${place.within ?? "-"}/${place.offset}`;
}
