/** Where the axes stand. `parallel/picture.py` lays the static picture out by the same rules. */

import { label, type ColumnKind } from "../base/column.ts";
import { SPECIALS, type Axis } from "./axis.ts";

export const HEIGHT = 400;
export const TOP = 52;
const BOTTOM = 22;
const ROW = 20;
const MIN_GAP = 84;
/** The widest text of a mark or a title; what is longer loses its middle, and hovering shows it. */
export const MAX_LABEL = 240;
export const LINE = 14;
export const TICK_FONT = "11px system-ui, sans-serif";
export const TITLE_FONT = "600 12px system-ui, sans-serif";

export interface Frame {
  /** Of each axis, in pixels from the left of all of them. */
  xs: number[];
  width: number;
  top: number;
  bottom: number;
  /** How far down the runs are that have no place on an axis, by code. */
  rows: Map<number, number>;
}

export function titleOf(name: string): string {
  const kind = name.slice(0, name.indexOf(".")) as ColumnKind;
  return label({ name, kind });
}

/** The axes in a place of `room` pixels; wider than that where titles and marks need it. */
export function layOut(axes: readonly Axis[], room: number): Frame {
  const codes = [...new Set(axes.flatMap((axis) => axis.codes))].sort();
  const bottom = HEIGHT - BOTTOM - ROW * codes.length;
  const rows = new Map(codes.map((code, i) => [code, bottom + 8 + ROW * (i + 0.5)]));
  const titles = axes.map((axis) => Math.min(MAX_LABEL, textWidth(titleOf(axis.name), TITLE_FONT) + 18));
  const marks = axes.map((axis) => {
    const texts = axis.ticks(bottom - TOP, LINE).map((tick) => tick.text);
    texts.push(...axis.codes.map((code) => SPECIALS[code] ?? ""));
    return Math.min(MAX_LABEL, Math.max(0, ...texts.map((text) => textWidth(text, TICK_FONT))));
  });
  const gaps = axes
    .slice(1)
    .map((_, i) => Math.max(MIN_GAP, marks[i + 1]! + 26, (titles[i]! + titles[i + 1]!) / 2 + 12));
  const left = Math.max((marks[0] ?? 0) + 16, (titles[0] ?? 0) / 2 + 4);
  const right = (titles.at(-1) ?? 0) / 2 + 12;
  const spare = room - left - right - gaps.reduce((sum, gap) => sum + gap, 0);
  const more = spare > 0 && gaps.length ? spare / gaps.length : 0;
  const xs = [left];
  for (const gap of gaps) xs.push(xs.at(-1)! + gap + more);
  return { xs, width: Math.max(room, xs.at(-1)! + right), top: TOP, bottom, rows };
}

/** The height of every run on an axis, in pixels. */
export function heights(axis: Axis, frame: Frame, inverted: boolean): Float32Array {
  const { top, bottom, rows } = frame;
  const ys = new Float32Array(axis.places.length);
  const [from, span] = inverted ? [top, bottom - top] : [bottom, top - bottom];
  for (let run = 0; run < ys.length; run++) {
    const code = axis.special ? axis.special[run]! : 0;
    ys[run] = code ? (rows.get(code) ?? bottom) : from + axis.places[run]! * span;
  }
  return ys;
}

const measured = new Map<string, number>();
let pen: CanvasRenderingContext2D | null = null;

export function textWidth(text: string, font: string): number {
  const key = `${font}|${text}`;
  let width = measured.get(key);
  if (width === undefined) {
    pen ??= document.createElement("canvas").getContext("2d");
    pen!.font = font;
    width = pen!.measureText(text.slice(0, 400)).width;
    if (measured.size > 5000) measured.clear();
    measured.set(key, width);
  }
  return width;
}

/** `text` in one line of at most `width` pixels; what is wider loses its middle. */
export function cut(text: string, font: string, width = MAX_LABEL): string {
  let line = text.slice(0, 400).replace(/\s+/g, " ");
  if (textWidth(line, font) <= width) return line;
  let [low, high] = [4, line.length];
  const shortened = (length: number) => `${line.slice(0, Math.ceil(length / 2))}…${line.slice(line.length - Math.floor(length / 2))}`;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (textWidth(shortened(middle), font) <= width) low = middle;
    else high = middle - 1;
  }
  line = shortened(low);
  return line;
}
