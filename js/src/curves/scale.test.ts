import assert from "node:assert/strict";
import { test } from "node:test";
import { Scale, valueScale, xScale } from "./scale.ts";

test("places and values are each other's inverse", () => {
  for (const isLog of [false, true]) {
    const scale = new Scale("step", isLog, 1, 1000);
    for (const value of [1, 10, 500, 1000]) {
      assert.ok(Math.abs(scale.valueAt(scale.place(value)) - value) < 1e-9 * value);
    }
  }
});

test("what has no place is told", () => {
  const log = new Scale("number", true, 1, 10);
  for (const value of [0, -1, NaN, Infinity]) assert.ok(Number.isNaN(log.place(value)));
});

test("large values have places, and what is beyond them has none", () => {
  const scale = valueScale([-1e300, 1e300], false)!;
  assert.equal(scale.place(0), 0.5);
  assert.ok(Number.isNaN(scale.place(1.1e300)));
  const log = valueScale([Number.MIN_VALUE, 1e300], true)!;
  assert.ok(log.place(Number.MIN_VALUE) >= 0 && log.place(1e300) < 1);
});

test("a constant stands in the middle", () => {
  assert.equal(valueScale([3, 3], false)!.place(3), 0.5);
  assert.equal(valueScale([0, 0], false)!.place(0), 0.5);
  assert.ok(Math.abs(valueScale([3, 3], true)!.place(3) - 0.5) < 1e-12);
  assert.equal(xScale("step", [7, 7], false)!.place(7), 0.5);
});

test("nothing has no axis", () => {
  assert.equal(valueScale([Infinity, -Infinity], false), null);
  assert.equal(xScale("step", [Infinity, -Infinity], true), null);
});

test("steps are marked at whole numbers, durations at round ones", () => {
  const texts = (scale: Scale, wanted: number) => scale.ticks(wanted).map(({ text }) => text);
  assert.deepEqual(texts(new Scale("step", false, 0, 2), 5), ["0", "1", "2"]);
  assert.deepEqual(texts(new Scale("relative", false, 0, 130), 3), ["0", "1 min", "2 min"]);
  assert.deepEqual(texts(new Scale("relative", false, 0, 7300), 3), ["0", "1 h", "2 h"]);
});

test("marks that are close together have the digits that tell them apart", () => {
  const texts = new Scale("number", false, 1000.001, 1000.003).ticks(3).map(({ text }) => text);
  assert.equal(new Set(texts).size, texts.length);
});
