/** The curves as the browser has them: a line per metric and run, and finer ones where one looks closer. */

import { tableFromIPC } from "@uwdata/flechette";
import type { CurveBuffers } from "./protocol.ts";
import { smoothed } from "./smoothing.ts";

/** A curve's points in order of x; of a thinned one the means of its stretches too. */
export interface Line {
  run: number;
  x: Float64Array;
  step: Float64Array;
  value: Float64Array;
  levelX: Float64Array;
  level: Float64Array;
  count: Float64Array;
}

/** What is drawn above the points of a curve that is smoothed; NaN where it has a gap. */
export interface Smooth {
  x: Float64Array;
  value: Float64Array;
}

/** The lines of each metric, by the run's place. */
export type Lines = Map<string, Map<number, Line>>;

export function decode(buffers: CurveBuffers, metrics: readonly string[]): Lines {
  const series = tableFromIPC(bytesOf(buffers.series));
  const points = tableFromIPC(bytesOf(buffers.points));
  const levels = tableFromIPC(bytesOf(buffers.levels));
  const [metric, run, ownPoints, ownLevels] = ["metric", "run", "points", "levels"].map((name) => floats(series, name));
  const [x, step, value] = ["x", "step", "value"].map((name) => floats(points, name));
  const [levelX, level, count] = ["x", "value", "count"].map((name) => floats(levels, name));
  const lines: Lines = new Map(metrics.map((name) => [name, new Map()]));
  let [point, stretch] = [0, 0];
  for (let i = 0; i < metric!.length; i++) {
    const [toPoint, toStretch] = [point + ownPoints![i]!, stretch + ownLevels![i]!];
    const of = (column: Float64Array | undefined, from: number, to: number) => column!.subarray(from, to);
    lines.get(metrics[metric![i]!]!)?.set(run![i]!, {
      run: run![i]!,
      x: of(x, point, toPoint),
      step: of(step, point, toPoint),
      value: of(value, point, toPoint),
      levelX: of(levelX, stretch, toStretch),
      level: of(level, stretch, toStretch),
      count: of(count, stretch, toStretch),
    });
    [point, stretch] = [toPoint, toStretch];
  }
  return lines;
}

/**
 * `line` with the points of `finer` in place of its own from `low` to `high`.
 *
 * What was logged since `finer` was read comes from `line`: while a cell runs the kernel
 * does not answer, and `line` is the newer one.
 */
export function refine(line: Line, finer: Line | undefined, low: number, high: number): Line {
  if (!finer?.x.length) return line;
  const until = line.x.length && line.x[line.x.length - 1]! > high ? high : finer.x[finer.x.length - 1]!;
  const spliced = (xs: Float64Array, finerXs: Float64Array, columns: [Float64Array, Float64Array][]) => {
    const [head, tail] = [firstFrom(xs, low), firstAfter(xs, until)];
    return columns.map(([own, fine]) => {
      const joined = new Float64Array(head + finerXs.length + own.length - tail);
      joined.set(own.subarray(0, head));
      joined.set(fine, head);
      joined.set(own.subarray(tail), head + finerXs.length);
      return joined;
    });
  };
  const pairs = (names: (keyof Line)[]) => names.map((name) => [line[name], finer[name]] as [Float64Array, Float64Array]);
  const [x, step, value] = spliced(line.x, finer.x, pairs(["x", "step", "value"]));
  // A finer line that is whole has no means of stretches: its points are them.
  const whole = finer.level.length ? finer : { ...finer, levelX: finer.x, level: finer.value, count: ones(finer.x.length) };
  const levels: [Float64Array, Float64Array][] = [
    [line.levelX, whole.levelX],
    [line.level, whole.level],
    [line.count, whole.count],
  ];
  const [levelX, level, count] = line.level.length ? spliced(line.levelX, whole.levelX, levels) : [none, none, none];
  return { run: line.run, x: x!, step: step!, value: value!, levelX: levelX!, level: level!, count: count! };
}

export function smooth(line: Line, smoothing: number): Smooth {
  if (!line.level.length) return { x: line.x, value: smoothed(line.x, line.value, null, smoothing) };
  const means = smoothed(line.levelX, line.level, line.count, smoothing);
  const gaps = [...line.x].filter((_, i) => !Number.isFinite(line.value[i]));
  const x = new Float64Array(means.length + gaps.length);
  const value = new Float64Array(x.length);
  for (let i = 0, mean = 0, gap = 0; i < x.length; i++) {
    const isGap = gap < gaps.length && (mean === means.length || gaps[gap]! <= line.levelX[mean]!);
    x[i] = isGap ? gaps[gap]! : line.levelX[mean]!;
    value[i] = isGap ? NaN : means[mean]!;
    if (isGap) gap++;
    else mean++;
  }
  return { x, value };
}

/** The place of the first of increasing `xs` that is `x` or more. */
export function firstFrom(xs: Float64Array, x: number): number {
  let [low, high] = [0, xs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle]! < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

function firstAfter(xs: Float64Array, x: number): number {
  let at = firstFrom(xs, x);
  while (at < xs.length && xs[at]! <= x) at++;
  return at;
}

const none = new Float64Array();

function ones(length: number): Float64Array {
  return new Float64Array(length).fill(1);
}

function floats(table: ReturnType<typeof tableFromIPC>, name: string): Float64Array {
  return Float64Array.from(table.getChild(name).toArray() as ArrayLike<number>);
}

export function bytesOf(buffer: DataView): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
