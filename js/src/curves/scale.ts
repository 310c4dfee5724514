/** The axes of a small picture: from values to places, and what their marks say. `curves/scale.py` has the same rules. */

import { durationTicks, linearTicks, logTicks, momentTicks, tickTexts } from "../base/ticks.ts";
import type { X } from "./protocol.ts";

/** Room above and below curves, as a share of their span. */
const PADDING = 0.05;
/** The logarithms of the least number and the greatest. */
const [LEAST, GREATEST] = [-745, 709];
/** What is larger counts as infinite: the width of its axis would be. */
export const FAR = 1e300;

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
    this.#from = isLog ? Math.log(low) : low;
    this.#span = (isLog ? Math.log(high) : high) - this.#from;
  }

  /** Where a value is, from 0 to 1; NaN for what has no place at all. */
  place(value: number): number {
    if (!(Math.abs(value) <= FAR) || (this.isLog && value <= 0)) return NaN;
    return ((this.isLog ? Math.log(value) : value) - this.#from) / this.#span;
  }

  valueAt(place: number): number {
    const value = this.#from + place * this.#span;
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
    const padding = high > low ? (Math.log(high) - Math.log(low)) * PADDING : Math.log(2);
    const ends = [Math.max(Math.log(low) - padding, LEAST), Math.min(Math.log(high) + padding, GREATEST)];
    return new Scale("number", true, Math.exp(ends[0]!), Math.exp(ends[1]!));
  }
  const padding = high > low ? (high - low) * PADDING : Math.abs(high) * 0.1 || 0.5;
  return new Scale("number", false, low - padding, high + padding);
}

/** The axis from `low` to `high`; `null` where there is nothing. */
export function xScale(kind: X, [low, high]: readonly [number, number], isLog: boolean): Scale | null {
  if (!(low <= high)) return null;
  if (low < high) return new Scale(kind, isLog, low, high);
  return isLog ? new Scale(kind, true, low / 2, high * 2) : new Scale(kind, false, low - 0.5, high + 0.5);
}
