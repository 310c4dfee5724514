import assert from "node:assert/strict";
import { test } from "node:test";
import { pathOf } from "../base/curve_chart.ts";
import { gitLines } from "../base/diff.ts";
import { machineTitle } from "../run_view/panels.ts";
import { tellingFormat } from "./groups.ts";

test("numbers of a row have one number of decimals, and more where they would look the same", () => {
  const usual = tellingFormat([0.9, 0.92]);
  assert.deepEqual([0.9, 0.92].map(usual), ["0.9000", "0.9200"]);
  const close = tellingFormat([0.9, 0.900001]);
  assert.deepEqual([0.9, 0.900001].map(close), ["0.9", "0.900001"]);
  assert.equal(close(NaN), "NaN");
  const large = tellingFormat([6172839, 3703703.4]);
  assert.deepEqual([6172839, 3703703.4].map(large), ["6.173e6", "3.704e6"]);
});

test("a curve breaks where a value is not finite, and a point on its own is a dot", () => {
  const of = (values: number[]) => pathOf({ steps: [0, 1, 2, 3], values }, (x) => x, (y) => y);
  assert.equal(of([0, 1, NaN, 3]), "M0.0 0.0L1.0 1.0M3.0 3.0h0");
  assert.equal(of([0, NaN, 2, 3]), "M0.0 0.0h0M2.0 2.0L3.0 3.0");
  assert.equal(of([NaN, NaN]), "");
});

test("git's headings are told apart from lines that begin alike", () => {
  const signs = gitLines("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new\n same").map(([sign]) => sign);
  assert.deepEqual(signs, ["", "", "", "-", "+", ""]);
});

test("the machine's metrics are called as a person calls them", () => {
  assert.equal(machineTitle("system/gpu_0_memory_usage_megabytes"), "GPU 0 memory, MB");
  assert.equal(machineTitle("system/process_cpu_utilization_percentage"), "CPU of this process, %");
  assert.equal(machineTitle("system/of_my_own"), "Of my own");
});
