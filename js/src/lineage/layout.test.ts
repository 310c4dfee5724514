import assert from "node:assert/strict";
import { test } from "node:test";

import { beside, layoutFor, related } from "./layout.ts";
import type { Snapshot } from "./protocol.ts";

const JOINED: Snapshot["joined"] = [
  [["d1", "r1"], ["d1", "r2"], ["d2", "r2"]],
  [["r2", "v1"]],
];

test("what is related was made from it or led to it, and is no cousin", () => {
  assert.deepEqual([...related("d1", JOINED)].sort(), ["d1", "r1", "r2", "v1"]);
  assert.deepEqual([...related("v1", JOINED)].sort(), ["d1", "d2", "r2", "v1"]);
  assert.deepEqual([...related("r1", JOINED)].sort(), ["d1", "r1"]);
});

test("beside a box is what it is joined to", () => {
  assert.deepEqual(beside("r2", JOINED, "left"), ["d1", "d2"]);
  assert.deepEqual(beside("v1", JOINED, "right"), []);
});

test("three columns fit a narrow place and do not sprawl in a wide one", () => {
  const snapshot: Snapshot = { columns: [[], [], []], left_out: [0, 0, 0], joined: [[], []], store: "" };
  assert.ok(layoutFor(snapshot, 360).width <= 360);
  assert.ok(layoutFor(snapshot, 2000).boxWidth <= 260);
});
