/** Smoothing as TensorBoard has it, for points that need not be evenly spaced. `curves/smoothing.py` has the same rules. */

/** However many points there are, the strongest smoothing still shows. */
const MAX_SPACINGS = 1000;

/**
 * The debiased exponential moving average of `values`, which lie at increasing `x`.
 *
 * What is `d` spacings back weighs `smoothing ** d`, a spacing being the mean distance of
 * points: on evenly spaced points this is TensorBoard's. `counts` says for how many points
 * each value stands. Values that are not finite have no part in it, and stay as they are.
 */
export function smoothed(
  x: Float64Array,
  values: Float64Array,
  counts: Float64Array | null,
  smoothing: number,
): Float64Array {
  const result = values.slice();
  let [first, last, points] = [NaN, NaN, 0];
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue;
    if (!points) first = x[i]!;
    last = x[i]!;
    points += counts ? counts[i]! : 1;
  }
  if (!smoothing || !points) return result;
  const spacing = last > first ? (last - first) / Math.min(Math.max(points - 1, 1), MAX_SPACINGS) : 1;
  let [total, weight, before] = [0, 0, first];
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue;
    const keep = smoothing ** ((x[i]! - before) / spacing);
    const count = counts ? counts[i]! : 1;
    total = total * keep + values[i]! * count;
    weight = weight * keep + count;
    result[i] = total / weight;
    before = x[i]!;
  }
  return result;
}
