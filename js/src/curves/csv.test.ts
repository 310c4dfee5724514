import assert from "node:assert/strict";
import { test } from "node:test";
import { field } from "./csv.ts";

test("a field is quoted where it must be", () => {
  assert.equal(field("plain"), "plain");
  assert.equal(field('a "b", c'), '"a ""b"", c"');
  assert.equal(field("two\nlines"), '"two\nlines"');
});

test("a name is no formula", () => {
  assert.equal(field("=1+1"), "'=1+1");
  assert.equal(field("@SUM(A1)"), "'@SUM(A1)");
});
