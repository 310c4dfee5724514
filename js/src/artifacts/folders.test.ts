import assert from "node:assert/strict";
import { test } from "node:test";

import type { KeptFile } from "../base/run.ts";
import { foldersOf, matching, rowsOf } from "./folders.ts";

const file = (path: string, size_bytes = 1): KeptFile => ({ path, size_bytes, media_type: "", digest: "", is_drawn: false });
const FILES = ["epoch_10.txt", "a/b/c.txt", "a/x.txt", "epoch_9.txt", "a", "__proto__/y.txt"].map((path) => file(path, 2));

test("folders come before files, and numbers in names count as numbers", () => {
  const rows = rowsOf(foldersOf(FILES), () => false);
  assert.deepEqual(
    rows.map(({ path, folder }) => [path, folder?.count ?? 0]),
    [["__proto__", 1], ["a", 2], ["a", 0], ["epoch_9.txt", 0], ["epoch_10.txt", 0]],
  );
  assert.deepEqual([rows[2]?.place, rows[2]?.siblings], [3, 5]);
});

test("an open folder shows what is in it, and a folder weighs what is below it", () => {
  const root = foldersOf(FILES);
  assert.equal(root.size_bytes, 12);
  assert.deepEqual(
    rowsOf(root, (path) => path === "a").map(({ name, level }) => `${level} ${name}`),
    ["1 __proto__", "1 a", "2 b", "2 x.txt", "1 a", "1 epoch_9.txt", "1 epoch_10.txt"],
  );
});

test("every word that is sought must be in the path", () => {
  assert.deepEqual(matching(FILES, " C.TXT a/ ").map(({ path }) => path), ["a/b/c.txt"]);
  assert.equal(matching(FILES, "  ").length, 6);
});
