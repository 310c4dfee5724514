import assert from "node:assert/strict";
import { test } from "node:test";
import { Pages, PAGE_ROWS, pageStart } from "./pages.ts";
import type { Rows } from "./rows.ts";

const rows = (length: number) => ({ length }) as Rows;

test("a row is found in its page, and not beyond the page's end", () => {
  const pages = new Pages();
  const page = rows(PAGE_ROWS);
  pages.put({ within: null, offset: PAGE_ROWS }, 1, page);
  pages.put({ within: null, offset: 2 * PAGE_ROWS }, 1, rows(5));
  assert.deepEqual(pages.find(null, PAGE_ROWS + 7), { rows: page, row: 7 });
  assert.equal(pages.find(null, 2 * PAGE_ROWS + 5), null);
  assert.equal(pages.find(null, 0), null);
});

test("several pages may come at once", () => {
  const pages = new Pages();
  const both = rows(PAGE_ROWS + 3);
  pages.put({ within: null, offset: PAGE_ROWS }, 1, both);
  assert.deepEqual(pages.find(null, 2 * PAGE_ROWS + 2), { rows: both, row: PAGE_ROWS + 2 });
  assert.equal(pages.find(null, 2 * PAGE_ROWS + 3), null);
  assert.ok(pages.isFresh({ within: null, offset: 2 * PAGE_ROWS }, 1));
});

test("pages of different groups are different pages", () => {
  const pages = new Pages();
  pages.put({ within: 0, offset: 0 }, 1, rows(3));
  assert.equal(pages.find(1, 0), null);
  assert.equal(pages.find(null, 0), null);
});

test("an older revision is shown but not fresh", () => {
  const pages = new Pages();
  pages.put({ within: null, offset: 0 }, 1, rows(3));
  assert.ok(pages.isFresh({ within: null, offset: 0 }, 1));
  assert.ok(!pages.isFresh({ within: null, offset: 0 }, 2));
  assert.ok(pages.find(null, 2));
});

test("the pages used least are forgotten first", () => {
  const pages = new Pages();
  for (let i = 0; i < 200; i++) {
    pages.put({ within: null, offset: i * PAGE_ROWS }, 1, rows(PAGE_ROWS));
    assert.ok(pages.find(null, 0), `page 0 is gone at ${i}`);
  }
  assert.equal(pages.find(null, PAGE_ROWS), null);
  assert.ok(pages.find(null, 199 * PAGE_ROWS));
});

test("pages start at multiples of their length", () => {
  assert.deepEqual([0, 99, 100, 250].map(pageStart), [0, 0, 100, 200]);
});
