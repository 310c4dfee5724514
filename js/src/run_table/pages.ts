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
    if (!page || offset - start >= page.rows.length) return null;
    this.#pages.delete(key);
    this.#pages.set(key, page);
    return { rows: page.rows, row: offset - start };
  }

  isFresh(place: Place, revision: number): boolean {
    return this.#pages.get(keyOf(place))?.revision === revision;
  }

  put(place: Place, revision: number, rows: Rows): void {
    this.#pages.set(keyOf(place), { revision, rows });
    for (const key of this.#pages.keys()) {
      if (this.#pages.size <= KEPT_PAGES) break;
      this.#pages.delete(key);
    }
  }

  clear(): void {
    this.#pages.clear();
  }

  /** Every page's rows, for what is measured over all that is known. */
  *loaded(): Iterable<Rows> {
    for (const page of this.#pages.values()) yield page.rows;
  }
}

export function pageStart(offset: number): number {
  return offset - (offset % PAGE_ROWS);
}

function keyOf(place: Place): string {
  return `${place.within ?? "-"}/${place.offset}`;
}
