/** The axes of a small picture: from values to places, and what their marks say. `curves/scale.py` has the same rules. */

import { durationTicks, linearTicks, logTicks, momentTicks, tickTexts } from "../base/ticks.ts";
import type { X } from "./protocol.ts";

/** Room above and below curves, as a share of their span. */
const PADDING = 0.05;
const GREATEST = 1.7e308;

export interface Tick {
  /** From 0, the low end, to 1. */
  place: number;
  text: string;
}

export class Scale {
  readonly kind: X | "number";
  readonly isLog: boolean;
  readonly low: number;
  readonly high: number;
  #from: number;
  #span: number;

  constructor(kind: X | "number", isLog: boolean, low: number, high: number) {
    this.kind = kind;
    this.isLog = isLog;
    this.low = low;
    this.high = high;
    // Halves, since the span of values beyond 1e308 is no number.
    this.#from = (isLog ? Math.log(low) : low) / 2;
    this.#span = (isLog ? Math.log(high) : high) / 2 - this.#from;
  }

  /** Where a value is, from 0 to 1; NaN for what has no place at all. */
  place(value: number): number {
    if (!Number.isFinite(value) || (this.isLog && value <= 0)) return NaN;
    return ((this.isLog ? Math.log(value) : value) / 2 - this.#from) / this.#span;
  }

  valueAt(place: number): number {
    const value = 2 * (this.#from + place * this.#span);
    return this.isLog ? Math.exp(value) : value;
  }

  /** About `wanted` marks. */
  ticks(wanted: number): Tick[] {
    const { kind, low, high } = this;
    let marks: [number, string][];
    if (kind === "time") marks = momentTicks(low, high, wanted);
    else {
      let values = this.isLog ? logTicks(low, high, wanted) : [];
      if (values.length < 2) values = (kind === "relative" ? durationTicks : linearTicks)(low, high, wanted);
      if (kind === "step") values = values.filter(Number.isInteger);
      const texts = tickTexts(values, kind === "relative" ? "duration" : "number");
      marks = values.map((value, i) => [value, texts[i]!]);
    }
    return marks
      .map(([value, text]) => ({ place: this.place(value), text }))
      .filter(({ place }) => place >= -1e-9 && place <= 1 + 1e-9);
  }
}

/** The axis on which values from `low` to `high` have room; `null` where there are none. */
export function valueScale([low, high]: readonly [number, number], isLog: boolean): Scale | null {
  if (!(low <= high)) return null;
  if (isLog) {
    const ratio = high > low ? (high / low) ** PADDING : 2;
    return new Scale("number", true, Math.max(low / ratio, Number.MIN_VALUE), Math.min(high * ratio, GREATEST));
  }
  const padding = high > low ? (high / 2 - low / 2) * 2 * PADDING : Math.abs(high) * 0.1 || 0.5;
  return new Scale("number", false, Math.max(low - padding, -GREATEST), Math.min(high + padding, GREATEST));
}

/** The axis from `low` to `high`; `null` where there is nothing. */
export function xScale(kind: X, [low, high]: readonly [number, number], isLog: boolean): Scale | null {
  if (!(low <= high)) return null;
  if (low < high) return new Scale(kind, isLog, low, high);
  return isLog ? new Scale(kind, true, low / 2, high * 2) : new Scale(kind, false, low - 0.5, high + 0.5);
}
