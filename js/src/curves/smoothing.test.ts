import assert from "node:assert/strict";
import { test } from "node:test";
import { smoothed } from "./smoothing.ts";

const floats = (...values: number[]) => Float64Array.from(values);

test("evenly spaced points are smoothed as TensorBoard does", () => {
  const values = floats(1, 0, 0, 4);
  let [last, weight] = [0, 0];
  const expected = [...values].map((value, i) => {
    last = last * 0.6 + 0.4 * value;
    weight = 1 - 0.6 ** (i + 1);
    return last / weight;
  });
  smoothed(floats(0, 10, 20, 30), values, null, 0.6).forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]!) < 1e-12);
  });
});

test("a point that is far from the others hardly feels them", () => {
  const [, , far] = smoothed(floats(0, 1, 100), floats(0, 0, 1), null, 0.5);
  const [, , near] = smoothed(floats(0, 99, 100), floats(0, 0, 1), null, 0.5);
  assert.ok(far! > near!);
});

test("values that are not finite stay, and do not spread", () => {
  const result = smoothed(floats(0, 1, 2, 3), floats(1, NaN, Infinity, 1), null, 0.9);
  assert.deepEqual([...result], [1, NaN, Infinity, 1]);
});

test("a value that stands for many points weighs as much as they", () => {
  const [, second] = smoothed(floats(0, 0), floats(0, 1), floats(1, 3), 0.5);
  assert.equal(second, 0.75);
});

test("points at one place, one point, and none", () => {
  assert.deepEqual([...smoothed(floats(5, 5), floats(2, 4), null, 0.5)], [2, 3]);
  assert.deepEqual([...smoothed(floats(5), floats(2), null, 0.5)], [2]);
  assert.deepEqual([...smoothed(floats(), floats(), null, 0.5)], []);
});
