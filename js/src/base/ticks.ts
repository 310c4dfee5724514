/** Where an axis has marks, and what they say. `widgets/ticks.py` has the same rules. */

import { duration, shortNumber } from "./format.ts";

const STEPS = [1, 2, 2.5, 5, 10];

/** About `wanted` round numbers from `low` to `high`. */
export function linearTicks(low: number, high: number, wanted = 5): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / Math.max(wanted, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = (STEPS.find((each) => each * power >= rough * (1 - 1e-9)) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Powers of ten from `low` to `high`; with 2 and 5 between them where those are few. */
export function logTicks(low: number, high: number, wanted = 6): number[] {
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const every = Math.max(1, Math.ceil((last - first) / wanted));
  const factors = last - first <= 2 ? [1, 2, 5] : [1];
  const ticks = [];
  for (let power = first; power <= last; power += every) {
    for (const factor of factors) ticks.push(Number(`${factor}e${power}`));
  }
  return ticks.filter((tick) => tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9));
}

/** A value as a person reads it; times are in milliseconds since the epoch. */
export function valueText(value: number, kind: string): string {
  if (kind === "duration") return duration(value);
  if (kind !== "time") return shortNumber(value);
  const date = new Date(value);
  const two = (part: number) => String(part).padStart(2, "0");
  return `${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
