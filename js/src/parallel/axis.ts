/** One axis in the browser: where each run is on it, what its marks say, what a brush takes. */

import { linearTicks, logTicks, valueText } from "../base/ticks.ts";
import type { AxisHead, Brush, Scale } from "./protocol.ts";

/** What has no place on an axis, by code; 0 is a value that has one. */
export const SPECIALS = ["", "missing", "NaN", "inf", "-inf"] as const;

export interface Tick {
  /** From 0, the low end, to 1. */
  place: number;
  text: string;
}

export class Axis {
  readonly head: AxisHead;
  readonly values: Float64Array;
  /** A code of `SPECIALS` per run; `null` where every run has a place. */
  readonly special: Float64Array | null;
  /** Which codes there are. */
  readonly codes: number[];
  /** Where each run is, from 0 (low) to 1 (high). */
  readonly places: Float32Array;
  readonly scale: Scale;

  constructor(head: AxisHead, values: Float64Array, special: Float64Array | null, scale: Scale = head.scale) {
    this.head = head;
    this.values = values;
    this.special = special;
    this.scale = head.low > 0 ? scale : "linear";
    this.codes = special ? [...new Set(special)].filter((code) => code > 0).sort() : [];
    this.places = new Float32Array(values.length);
    for (let run = 0; run < values.length; run++) this.places[run] = this.placeOf(values[run]!);
  }

  get name(): string {
    return this.head.name;
  }

  get isCategory(): boolean {
    return this.head.kind === "category";
  }

  /** The same column on another scale. */
  scaled(scale: Scale): Axis {
    return scale === this.scale ? this : new Axis(this.head, this.values, this.special, scale);
  }

  placeOf(value: number): number {
    const { low, high } = this.head;
    if (!(high > low)) return 0.5;
    if (this.scale === "log") return (Math.log(Math.max(value, low)) - Math.log(low)) / (Math.log(high) - Math.log(low));
    return (value - low) / (high - low);
  }

  valueAt(place: number): number {
    const { low, high } = this.head;
    if (this.scale === "log") return low * (high / low) ** place;
    return low + (high - low) * place;
  }

  hasPlaced(): boolean {
    return !this.special || this.special.some((code) => code === 0);
  }

  /** The marks of an axis that is `height` pixels long. */
  ticks(height: number, lineHeight: number): Tick[] {
    if (!this.hasPlaced()) return [];
    const { low, high, labels, kind } = this.head;
    if (this.isCategory) {
      const every = Math.ceil(labels.length / Math.max(2, Math.floor(height / lineHeight)));
      const ticks = labels.map((text, value) => ({ place: this.placeOf(value), text }));
      return ticks.filter((_, i) => i % every === 0);
    }
    if (!(high > low)) return [{ place: 0.5, text: valueText(low, kind) }];
    const values = this.scale === "log" ? logTicks(low, high) : linearTicks(low, high, 6);
    return values.map((value) => ({ place: this.placeOf(value), text: valueText(value, kind) }));
  }

  /** A run's value as text. */
  text(run: number): string {
    const code = this.special?.[run] ?? 0;
    if (code) return SPECIALS[code] ?? "";
    const value = this.values[run]!;
    return this.isCategory ? (this.head.labels[value] ?? "") : valueText(value, this.head.kind);
  }

  /** Mark in `out` the runs that `brush` does not take with 1, the others with 0. */
  miss(brush: Brush, out: Uint8Array): void {
    const codes = new Set(brush.map(codeOf).filter((code) => code > 0));
    const rest = brush.filter((each) => codeOf(each) === 0);
    const labels = new Set(rest.map((each) => this.head.labels.indexOf(String(each))));
    const [a, b] = this.isCategory || rest.length !== 2 ? [1, 0] : rest.map(Number);
    const [low, high] = a! <= b! || rest.length !== 2 ? [a!, b!] : [b!, a!];
    const { values, special, isCategory } = this;
    for (let run = 0; run < values.length; run++) {
      const code = special ? special[run]! : 0;
      const value = values[run]!;
      const taken = code ? codes.has(code) : isCategory ? labels.has(value) : value >= low && value <= high;
      out[run] = taken ? 0 : 1;
    }
  }

  /** The brush that a stretch from place `from` to `to` means, with the codes it passes over. */
  brush(from: number, to: number, codes: readonly number[]): Brush {
    const [low, high] = from < to ? [from, to] : [to, from];
    const marks: Brush = codes.map((code) => (code === 1 ? null : (SPECIALS[code] ?? "")));
    if (high < 0 || low > 1) return marks;
    if (this.isCategory) {
      const labels = this.head.labels.filter((_, value) => {
        const place = this.placeOf(value);
        return place >= low && place <= high;
      });
      return [...labels, ...marks];
    }
    if (!this.hasPlaced()) return marks;
    return [this.valueAt(Math.max(0, low)), this.valueAt(Math.min(1, high)), ...marks];
  }

  /** The stretches of the axis that `brush` covers, as pairs of places. */
  stretches(brush: Brush): [number, number][] {
    const rest = brush.filter((each) => codeOf(each) === 0);
    if (this.isCategory) {
      const half = Math.min(0.5 / Math.max(1, this.head.labels.length - 1), 0.06);
      return rest
        .map((each) => this.head.labels.indexOf(String(each)))
        .filter((value) => value >= 0)
        .map((value) => [this.placeOf(value) - half, this.placeOf(value) + half]);
    }
    if (rest.length !== 2) return [];
    const [a, b] = rest.map((each) => this.placeOf(Number(each)));
    return [[Math.min(a!, b!), Math.max(a!, b!)]];
  }
}

/** The code of what a brush has for runs without a place; 0 for a value. */
export function codeOf(value: Brush[number]): number {
  if (value === null) return 1;
  return typeof value === "string" ? Math.max(0, (SPECIALS as readonly string[]).indexOf(value, 2)) : 0;
}
