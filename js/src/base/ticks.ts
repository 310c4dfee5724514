/** Where an axis has marks, and what they say. `widgets/ticks.py` has the same rules. */

import { duration, shortNumber } from "./format.ts";

const STEPS = [1, 2, 2.5, 5, 10];
const [MINUTE, HOUR, DAY] = [60, 3600, 86400];
/** What people count time in, in seconds; below a second as any number, above as days. */
const TIME_STEPS = [
  ...[1, 2, 5, 10, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE],
  ...[HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY],
];

/** About `wanted` round numbers from `low` to `high`. */
export function linearTicks(low: number, high: number, wanted = 5): number[] {
  const rough = (high - low) / Math.max(wanted, 1);
  // Of the least numbers there is no fifth.
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = (STEPS.find((each) => each * power >= rough * (1 - 1e-9)) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Powers of ten from `low` to `high`; with others between them where those are few. */
export function logTicks(low: number, high: number, wanted = 6): number[] {
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const every = Math.max(1, Math.ceil((last - first) / wanted));
  const factors = last - first <= 2 ? [1, 2, 5] : last - first === 3 ? [1, 3] : [1];
  const ticks = [];
  for (let power = first; power <= last; power += every) {
    for (const factor of factors) ticks.push(Number(`${factor}e${power}`));
  }
  return ticks.filter((tick) => tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9));
}

/** About `wanted` round durations from `low` to `high` seconds. */
export function durationTicks(low: number, high: number, wanted = 5): number[] {
  const rough = (high - low) / Math.max(wanted, 1);
  const step = rough < 1 ? undefined : TIME_STEPS.find((each) => each >= rough);
  if (step === undefined) return linearTicks(low, high, wanted);
  const [first, last] = [Math.ceil(low / step), Math.floor(high / step)];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

/** About `wanted` round moments from `low` to `high`, in ms, and their local times. */
export function momentTicks(low: number, high: number, wanted = 5): [number, string][] {
  const shift = -new Date(low).getTimezoneOffset() * MINUTE;
  const local = durationTicks(low / 1000 + shift, high / 1000 + shift, wanted);
  const step = local.length > 1 ? local[1]! - local[0]! : (high - low) / 1000;
  return local.map((second) => {
    const moment = (second - shift) * 1000;
    const whole = valueText(moment, "time");
    const [day, minute] = whole.split(" ") as [string, string];
    const seconds = (new Date(moment).getTime() / 1000) % MINUTE;
    const text = step < 1 ? seconds.toFixed(3).padStart(6, "0") : String(Math.round(seconds)).padStart(2, "0");
    if (step < MINUTE) return [moment, `${minute}:${text}`];
    return [moment, step >= DAY ? day : high - low > DAY * 1000 ? whole : minute];
  });
}

/** What marks of one axis say: with as many digits as tell them apart. */
export function tickTexts(ticks: readonly number[], kind: string): string[] {
  const texts = ticks.map((tick) => valueText(tick, kind));
  const isSame = new Set(texts).size < texts.length;
  if (kind === "duration") {
    const isTiny = isSame || ticks.some((tick) => tick !== 0 && Math.abs(tick) < 1e-3);
    return ticks.map((tick, i) => {
      if (tick === 0) return "0";
      return isTiny ? `${Number((tick * 1000).toPrecision(12))} ms` : texts[i]!.replace(/ 0 (s|min|h)$/, "");
    });
  }
  return isSame ? ticks.map((tick) => String(Number(tick.toPrecision(12)))) : texts;
}

/** A value as a person reads it; times are in milliseconds since the epoch. */
export function valueText(value: number, kind: string): string {
  if (kind === "duration") return duration(value);
  if (kind !== "time") return shortNumber(value);
  const date = new Date(value);
  const two = (part: number) => String(part).padStart(2, "0");
  return `${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
