/** Curves, decoded from the kernel's Arrow buffer: run_id, key, steps, values. */

import { tableFromIPC } from "@uwdata/flechette";

export interface Curve {
  steps: number[];
  values: number[];
}

/** Curves by metric, then by run. */
export type CurvesByKey = Map<string, Map<string, Curve>>;

export function curvesByKey(buffer: DataView): CurvesByKey {
  const table = tableFromIPC(bytesOf(buffer));
  const [runs, keys, steps, values] = ["run_id", "key", "steps", "values"].map((name) => table.getChild(name));
  const curves: CurvesByKey = new Map();
  for (let row = 0; row < table.numRows; row++) {
    const key = String(keys?.at(row));
    if (!curves.has(key)) curves.set(key, new Map());
    curves.get(key)?.set(String(runs?.at(row)), {
      steps: Array.from(steps?.at(row) as Iterable<number>),
      values: Array.from(values?.at(row) as Iterable<number>),
    });
  }
  return curves;
}

function bytesOf(buffer: DataView): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
