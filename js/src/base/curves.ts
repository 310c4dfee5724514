/** Curves, decoded from the kernel's Arrow buffer: run_id, key, step, value. */

import { tableFromIPC } from "@uwdata/flechette";

export interface Curve {
  steps: number[];
  values: number[];
}

/** Curves by metric, then by run. */
export type CurvesByKey = Map<string, Map<string, Curve>>;

export function curvesByKey(buffer: DataView): CurvesByKey {
  const table = tableFromIPC(bytesOf(buffer));
  const [runs, keys, steps, values] = ["run_id", "key", "step", "value"].map((name) => table.getChild(name));
  const curves: CurvesByKey = new Map();
  for (let row = 0; row < table.numRows; row++) {
    const key = String(keys?.at(row));
    const run = String(runs?.at(row));
    if (!curves.has(key)) curves.set(key, new Map());
    const ofKey = curves.get(key)!;
    if (!ofKey.has(run)) ofKey.set(run, { steps: [], values: [] });
    const curve = ofKey.get(run)!;
    curve.steps.push(Number(steps?.at(row)));
    curve.values.push(Number(values?.at(row)));
  }
  return curves;
}

function bytesOf(buffer: DataView): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
