import assert from "node:assert/strict";
import { test } from "node:test";
import { refine, smooth, type Line } from "./lines.ts";

const floats = (...values: number[]) => Float64Array.from(values);

function line(x: number[], value: number[], levels: Partial<Line> = {}): Line {
  const none = floats();
  return { run: 0, x: floats(...x), step: floats(...x), value: floats(...value), levelX: none, level: none, count: none, ...levels };
}

test("finer points stand in the place of those in their range, and no others go", () => {
  const coarse = line([0, 4, 8, 12, 16], [0, 4, 8, 12, 16]);
  const fine = line([5, 6, 8, 9], [50, 60, 80, 90]);
  const both = refine(coarse, fine, 5, 9);
  assert.deepEqual([...both.x], [0, 4, 5, 6, 8, 9, 12, 16]);
  assert.deepEqual([...both.value], [0, 4, 50, 60, 80, 90, 12, 16]);
});

test("what was logged after the finer points were read is not lost", () => {
  const newer = line([0, 4, 8, 12, 14], [0, 4, 8, 12, 14]);
  const both = refine(newer, line([5, 6, 8], [5, 6, 8]), 5, 100);
  assert.deepEqual([...both.x], [0, 4, 5, 6, 8, 12, 14]);
});

test("a line without finer points stays", () => {
  const coarse = line([0, 4], [1, 2]);
  assert.equal(refine(coarse, undefined, 0, 1), coarse);
  assert.equal(refine(coarse, line([], []), 0, 1), coarse);
});

test("points that are whole are the means where a thinned line is refined", () => {
  const coarse = line([0, 10, 20], [0, 10, 20], { levelX: floats(5, 15), level: floats(5, 15), count: floats(10, 10) });
  const both = refine(coarse, line([12, 13], [2, 3]), 12, 16);
  assert.deepEqual([...both.levelX], [5, 12, 13]);
  assert.deepEqual([...both.count], [10, 1, 1]);
});

test("the smooth line of a thinned curve has a gap where the curve has one", () => {
  const thin = line([0, 7, 20], [0, NaN, 20], { levelX: floats(5, 15), level: floats(5, 15), count: floats(10, 10) });
  const { x, value } = smooth(thin, 0.5);
  assert.deepEqual([...x], [5, 7, 15]);
  assert.ok(Number.isNaN(value[1]!));
});
