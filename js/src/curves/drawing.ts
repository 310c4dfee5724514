/** Lines on a canvas, with the marks of what has no place in the plot. */

import type { Line, Smooth } from "./lines.ts";
import { firstFrom } from "./lines.ts";
import { FAR, type Scale } from "./scale.ts";
import type { Stroke } from "./strokes.ts";

type Pen = CanvasRenderingContext2D;

/** Where the plot is on its canvas, and what its axes are. */
export interface Plot {
  left: number;
  right: number;
  top: number;
  bottom: number;
  xs: Scale;
  /** `null` where no value has a place. */
  ys: Scale | null;
}

const MARK = 4;
/** How much of a curve's ink is left where its smoothed one stands over it. */
const BEHIND = 0.25;

export function pixelX(plot: Plot, x: number): number {
  return plot.left + plot.xs.place(x) * (plot.right - plot.left);
}

export function pixelY(plot: Plot, value: number): number {
  return plot.ys ? plot.bottom - plot.ys.place(value) * (plot.bottom - plot.top) : NaN;
}

/** One run's line, its smoothed line over it, and its marks. */
export function drawLine(pen: Pen, plot: Plot, line: Line, smooth: Smooth | null, stroke: Stroke): void {
  pen.strokeStyle = pen.fillStyle = stroke.colour;
  pen.lineJoin = "bevel";
  pen.setLineDash(stroke.dash as number[]);
  pen.lineWidth = smooth ? Math.min(stroke.width, 1) : stroke.width;
  pen.globalAlpha = stroke.opacity * (smooth ? BEHIND : 1);
  trace(pen, plot, line.x, line.value);
  if (smooth) {
    pen.globalAlpha = stroke.opacity;
    pen.lineWidth = stroke.width;
    trace(pen, plot, smooth.x, smooth.value);
  }
  pen.setLineDash([]);
  pen.globalAlpha = Math.max(stroke.opacity, 0.5);
  drawMarks(pen, plot, line);
  pen.globalAlpha = 1;
}

/** A path through what has a place; of points in one column of pixels the extremes are enough. */
function trace(pen: Pen, plot: Plot, xs: Float64Array, values: Float64Array): void {
  if (!plot.ys) return;
  const [first, last] = inSight(plot, xs);
  const dots: [number, number][] = [];
  let [column, low, high, end, isDown, length] = [NaN, 0, 0, 0, false, 0];
  let from: [number, number] = [0, 0];
  const finish = () => {
    // The column's extremes, and then where it was left.
    if (low < high) {
      pen.lineTo(from[0], low);
      pen.lineTo(from[0], high);
      pen.lineTo(from[0], end);
    }
  };
  pen.beginPath();
  for (let i = first; i < last; i++) {
    const y = pixelY(plot, values[i]!);
    if (Number.isNaN(y)) {
      if (isDown) finish();
      if (isDown && length === 1 && low === high) dots.push(from);
      isDown = false;
      continue;
    }
    const x = pixelX(plot, xs[i]!);
    if (isDown && Math.floor(x) === column) {
      [low, high, end] = [Math.min(low, y), Math.max(high, y), y];
      continue;
    }
    if (isDown) finish();
    if (isDown) pen.lineTo(x, y);
    else pen.moveTo(x, y);
    length = isDown ? length + 1 : 1;
    [column, low, high, end, isDown, from] = [Math.floor(x), y, y, y, true, [x, y]];
  }
  if (isDown) finish();
  if (isDown && length === 1 && low === high) dots.push(from);
  pen.stroke();
  if (!dots.length) return;
  // A point on its own is no line.
  pen.beginPath();
  for (const [x, y] of dots) {
    pen.moveTo(x + 2.5, y);
    pen.arc(x, y, 2.5, 0, 2 * Math.PI);
  }
  pen.fill();
}

/** Triangles at the edge for infinities, and for what a logarithm does not reach; diamonds for NaN. */
function drawMarks(pen: Pen, plot: Plot, line: Line): void {
  const [first, last] = inSight(plot, line.x);
  let drawn = "";
  pen.beginPath();
  for (let i = first; i < last; i++) {
    const value = line.value[i]!;
    if (Math.abs(value) <= FAR && (value > 0 || !plot.ys?.isLog)) continue;
    const x = Math.round(pixelX(plot, line.x[i]!));
    if (x < plot.left - 1 || x > plot.right + 1) continue;
    const kind = Number.isNaN(value) ? "nan" : value > 0 ? "up" : "down";
    // A thousand of them in a row are a bar: one for each pixel.
    if (drawn === `${kind}${x}`) continue;
    drawn = `${kind}${x}`;
    if (kind === "nan") diamond(pen, x, plot.bottom);
    else if (kind === "up") triangle(pen, x, plot.top - MARK - 1, MARK);
    else triangle(pen, x, plot.bottom + MARK + 1, -MARK);
  }
  pen.fill();
}

function triangle(pen: Pen, x: number, tip: number, size: number): void {
  pen.moveTo(x, tip);
  pen.lineTo(x + MARK, tip + size * 1.7);
  pen.lineTo(x - MARK, tip + size * 1.7);
  pen.closePath();
}

function diamond(pen: Pen, x: number, y: number): void {
  pen.moveTo(x, y - MARK);
  pen.lineTo(x + MARK, y);
  pen.lineTo(x, y + MARK);
  pen.lineTo(x - MARK, y);
  pen.closePath();
}

/** The places of the points that are in sight, and of one beyond at each end. */
export function inSight(plot: Plot, xs: Float64Array): [number, number] {
  const first = firstFrom(xs, plot.xs.low);
  const beyond = firstFrom(xs, plot.xs.high);
  let last = beyond;
  while (last < xs.length && xs[last] === plot.xs.high) last++;
  return [Math.max(0, first - 1), Math.min(xs.length, last + 1)];
}
