import assert from "node:assert/strict";
import { test } from "node:test";
import { tableFromArrays, tableToIPC } from "@uwdata/flechette";
import { nearest } from "../base/curve_chart.ts";
import { Rows, takeCurves, type Curves } from "./rows.ts";
import { finiteRange, linePath } from "./sparkline.ts";

const ipc = (columns: Record<string, unknown[]>) => {
  const bytes = tableToIPC(tableFromArrays(columns as never), { format: "stream" }) as Uint8Array;
  // As a comm delivers it: a view into a larger buffer.
  const larger = new Uint8Array(bytes.length + 16);
  larger.set(bytes, 8);
  return new DataView(larger.buffer, 8, bytes.length);
};

test("a page's values are found by row and column, missing ones are null", () => {
  const rows = new Rows(ipc({ run_id: ["a", "b"], "metrics.loss": [0.5, null] }));
  assert.equal(rows.length, 2);
  assert.equal(rows.text(1, "run_id"), "b");
  assert.equal(rows.number(0, "metrics.loss"), 0.5);
  assert.equal(rows.number(1, "metrics.loss"), null);
  assert.equal(rows.value(0, "params.unknown"), null);
});

test("new curves of a run take the place of all its old ones", () => {
  const curves: Curves = new Map([["a", new Map([["old", [1, 2]]])]]);
  takeCurves(ipc({ run_id: ["a"], key: ["loss"], values: [[3, 4]] }), curves);
  assert.deepEqual([...(curves.get("a")?.keys() ?? [])], ["loss"]);
  assert.deepEqual(Array.from(curves.get("a")?.get("loss") ?? []), [3, 4]);
});

test("a line breaks where a value is not finite", () => {
  const path = linePath([0, 1, NaN, 1, 0], 40, 16, 0);
  assert.equal(path.match(/M/g)?.length, 2);
  assert.equal(path.match(/L/g)?.length, 2);
});

test("a line keeps to its box, and a flat one to its middle", () => {
  const ys = [...linePath([5, -3, 9, 2], 40, 16, 1).matchAll(/ ([\d.]+)/g)].map((m) => Number(m[1]));
  assert.equal(Math.min(...ys), 1);
  assert.equal(Math.max(...ys), 15);
  assert.match(linePath([2, 2], 40, 16, 1), /^M1.0 8.0L39.0 8.0$/);
});

test("the range is over finite values", () => {
  assert.deepEqual(finiteRange([NaN, 2, Infinity, -1]), [-1, 2]);
  assert.deepEqual(finiteRange([NaN]), [0, 0]);
});

test("the nearest step is found between, before and behind all", () => {
  const steps = [0, 10, 20];
  assert.deepEqual([-5, 4, 6, 14, 99].map((s) => nearest(steps, s)), [0, 0, 1, 1, 2]);
});
