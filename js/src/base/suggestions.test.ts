import assert from "node:assert/strict";
import { test } from "node:test";
import { quoted, suggest } from "./suggestions.ts";

const names = ["params.lr", "params.model", "metrics.loss", "metrics.val/loss", "tags.lot"];

test("what begins with the word comes before what has it inside", () => {
  assert.deepEqual(suggest("params.", names), ["params.lr", "params.model"]);
  assert.deepEqual(suggest("lo", names), ["metrics.loss", "metrics.val/loss", "tags.lot"]);
});

test("a whole name is not suggested again", () => {
  assert.deepEqual(suggest("params.lr", names), []);
});

test("odd keys stand in backticks", () => {
  assert.equal(quoted("params.lr"), "params.lr");
  assert.equal(quoted("metrics.val/loss"), "metrics.`val/loss`");
  assert.equal(quoted("params.a`b"), "params.`a``b`");
});
