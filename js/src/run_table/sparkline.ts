/** A curve as a line a few pixels high, beside its latest value. */

import { svg } from "../base/dom.ts";

export const SPARK_WIDTH = 52;
const HEIGHT = 16;
const PAD = 1.5;

/** The curve of `values`; where they are not finite the line is broken. */
export function sparkline(values: ArrayLike<number>): SVGElement {
  const drawn = svg(
    "svg",
    {
      class: "nbt-spark",
      width: SPARK_WIDTH,
      height: HEIGHT,
      viewBox: `0 0 ${SPARK_WIDTH} ${HEIGHT}`,
      "aria-hidden": true,
    },
    svg("path", { d: linePath(values, SPARK_WIDTH, HEIGHT, PAD) }),
  );
  return drawn;
}

/** The `d` of a path through `values`, at equal distances, scaled into the box. */
export function linePath(
  values: ArrayLike<number>,
  width: number,
  height: number,
  pad: number,
): string {
  const [low, high] = finiteRange(values);
  const across = values.length > 1 ? (width - 2 * pad) / (values.length - 1) : 0;
  const scale = high > low ? (height - 2 * pad) / (high - low) : 0;
  const parts: string[] = [];
  let pen = "M";
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === undefined || !Number.isFinite(value)) {
      pen = "M";
      continue;
    }
    const y = scale ? height - pad - (value - low) * scale : height / 2;
    parts.push(`${pen}${(pad + i * across).toFixed(1)} ${y.toFixed(1)}`);
    pen = "L";
  }
  return parts.join("");
}

/** The least and greatest finite value; `[0, 0]` where there is none. */
export function finiteRange(values: ArrayLike<number>): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === undefined || !Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [0, 0];
}
