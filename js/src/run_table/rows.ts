/** Rows of runs and curves, decoded from the kernel's Arrow buffers. */

import { tableFromIPC, type Table } from "@uwdata/flechette";

/** A page of runs: columns by name, rows by place in the page. */
export class Rows {
  #table: Table;
  #columns = new Map<string, ReturnType<Table["getChild"]> | null>();

  constructor(buffer: DataView) {
    this.#table = tableFromIPC(bytesOf(buffer), { useProxy: false });
    for (const name of this.#table.names) this.#columns.set(name, this.#table.getChild(name));
  }

  get length(): number {
    return this.#table.numRows;
  }

  value(row: number, column: string): unknown {
    return this.#columns.get(column)?.at(row) ?? null;
  }

  text(row: number, column: string): string | null {
    const value = this.value(row, column);
    return value === null ? null : String(value);
  }

  number(row: number, column: string): number | null {
    const value = this.value(row, column);
    if (value === null) return null;
    return typeof value === "number" ? value : Number(value);
  }
}

/** Curves by run and metric; each a few dozen values in order of step. */
export type Curves = Map<string, Map<string, ArrayLike<number>>>;

/** Add the curves in `buffer` to `curves`, in place of older ones of the same runs. */
export function takeCurves(buffer: DataView, curves: Curves): void {
  const table = tableFromIPC(bytesOf(buffer));
  const [runs, keys, values] = ["run_id", "key", "values"].map((name) => table.getChild(name));
  const renewed = new Set<string>();
  for (let row = 0; row < table.numRows; row++) {
    const run = runs?.at(row) as string;
    if (!renewed.has(run)) curves.set(run, new Map());
    renewed.add(run);
    curves.get(run)?.set(keys?.at(row) as string, values?.at(row) as ArrayLike<number>);
  }
}

function bytesOf(buffer: DataView): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
