/** What stands over the lines: axes with their marks, brushes, and the run that is pointed at. */

import type { Look } from "../base/palette.ts";
import { SPECIALS, codeOf, type Axis } from "./axis.ts";
import { cut, LINE, TICK_FONT, TITLE_FONT, titleOf, type Frame } from "./layout.ts";
import type { Brush } from "./protocol.ts";

const BRUSH_WIDTH = 14;

type Pen = CanvasRenderingContext2D;

/** One axis, `x` pixels from the left of the canvas. */
export function drawAxis(pen: Pen, x: number, axis: Axis, frame: Frame, look: Look, inverted: boolean, brush?: Brush): void {
  pen.setLineDash([]);
  pen.lineWidth = 1;
  pen.strokeStyle = look.quiet;
  line(pen, x, frame.top, x, frame.bottom);
  const height = frame.bottom - frame.top;
  const heightOf = (place: number) => frame.top + height * (inverted ? place : 1 - place);
  if (brush) drawBrush(pen, x, axis, brush, frame, look, heightOf);
  pen.font = TICK_FONT;
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (const { place, text } of axis.ticks(height, LINE)) {
    const y = heightOf(place);
    pen.strokeStyle = look.quiet;
    line(pen, x - 4, y, x, y);
    haloed(pen, cut(text, TICK_FONT), x - 7, y, look.ink, look.page);
  }
  for (const code of axis.codes) {
    const y = frame.rows.get(code) ?? frame.bottom;
    pen.beginPath();
    pen.arc(x, y, 3.5, 0, 2 * Math.PI);
    pen.fillStyle = brush?.some((each) => codeOf(each) === code) ? look.ink : look.page;
    pen.strokeStyle = look.quiet;
    pen.fill();
    pen.stroke();
    haloed(pen, SPECIALS[code] ?? "", x - 8, y, look.quiet, look.page);
  }
}

/** An axis's title, for pictures that leave the page; on the page it is a button. */
export function drawTitle(pen: Pen, x: number, axis: Axis, look: Look, inverted: boolean): void {
  pen.textAlign = "center";
  pen.textBaseline = "alphabetic";
  pen.font = TITLE_FONT;
  pen.fillStyle = look.ink;
  pen.fillText(cut(titleOf(axis.name), TITLE_FONT), x, 20);
  pen.font = TICK_FONT;
  pen.fillStyle = look.quiet;
  pen.fillText(hint(axis, inverted), x, 36);
}

export function hint(axis: Axis, inverted: boolean): string {
  return [axis.scale === "log" ? "log" : "", inverted ? "inverted" : ""].filter((each) => each).join(" · ");
}

function drawBrush(
  pen: Pen,
  x: number,
  axis: Axis,
  brush: Brush,
  frame: Frame,
  look: Look,
  heightOf: (place: number) => number,
): void {
  const hue = look.hues[0]!;
  for (const [low, high] of axis.stretches(brush)) {
    const ys = [heightOf(low), heightOf(high)].map((y) => Math.max(frame.top - 6, Math.min(frame.bottom + 6, y)));
    const top = Math.min(...ys) - 1;
    const height = Math.max(3, Math.abs(ys[1]! - ys[0]!) + 2);
    pen.fillStyle = hue;
    pen.globalAlpha = 0.22;
    pen.fillRect(x - BRUSH_WIDTH / 2, top, BRUSH_WIDTH, height);
    pen.globalAlpha = 1;
    pen.strokeStyle = hue;
    pen.strokeRect(x - BRUSH_WIDTH / 2 + 0.5, top + 0.5, BRUSH_WIDTH - 1, height - 1);
  }
}

function haloed(pen: Pen, text: string, x: number, y: number, colour: string, halo: string): void {
  pen.lineJoin = "round";
  pen.lineWidth = 3;
  pen.strokeStyle = halo;
  pen.strokeText(text, x, y);
  pen.lineWidth = 1;
  pen.fillStyle = colour;
  pen.fillText(text, x, y);
}

function line(pen: Pen, x1: number, y1: number, x2: number, y2: number): void {
  pen.beginPath();
  pen.moveTo(x1, y1);
  pen.lineTo(x2, y2);
  pen.stroke();
}
