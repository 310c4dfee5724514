import assert from "node:assert/strict";
import { test } from "node:test";
import { Lines } from "./lines.ts";

const groups = [
  { value: "a", runs: 3, metrics: {} },
  { value: null, runs: 2, metrics: {} },
  { value: "b", runs: 4, metrics: {} },
];

test("without groups every line is a run", () => {
  const lines = Lines.ofRuns(2);
  assert.deepEqual([0, 1].map((i) => lines.at(i)), [
    { kind: "run", within: null, offset: 0 },
    { kind: "run", within: null, offset: 1 },
  ]);
  assert.equal(lines.at(2), null);
  assert.equal(lines.at(-1), null);
});

test("closed groups are one line each", () => {
  const lines = Lines.ofGroups(groups, new Set());
  assert.equal(lines.length, 3);
  assert.deepEqual(lines.at(2), { kind: "group", group: 2 });
});

test("an open group has its runs under it, also the group of runs without a value", () => {
  const lines = Lines.ofGroups(groups, new Set([null, "a"]));
  assert.equal(lines.length, 8);
  const kinds = Array.from({ length: 8 }, (_, i) => lines.at(i));
  assert.deepEqual(kinds[0], { kind: "group", group: 0 });
  assert.deepEqual(kinds[3], { kind: "run", within: 0, offset: 2 });
  assert.deepEqual(kinds[4], { kind: "group", group: 1 });
  assert.deepEqual(kinds[6], { kind: "run", within: 1, offset: 1 });
  assert.deepEqual(kinds[7], { kind: "group", group: 2 });
});
