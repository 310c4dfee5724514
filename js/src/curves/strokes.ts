/** How each run's line is drawn: a hue and a dash of its own, the colour of its value, or quiet ink. */

import { DASHES, sequential, type Look } from "../base/palette.ts";
import type { CurvesView } from "./view.ts";

export interface Stroke {
  colour: string;
  dash: readonly number[];
  width: number;
  opacity: number;
}

/** The stroke of a run where nothing is picked. */
export function strokeOf(view: CurvesView, run: number, look: Look): Stroke {
  const count = view.runs.length;
  if (view.paint) {
    const { colour, dash } = painted(view, run, look);
    return { colour, dash, width: count > 60 ? 1 : 1.4, opacity: count > 60 ? 0.55 : 0.95 };
  }
  if (view.strokes) return { ...hued(view.strokes[run]!, look), width: 1.5, opacity: 0.95 };
  // As ink on paper: the more lines, the less of it each.
  return { colour: look.hues[0]!, dash: [], width: 1, opacity: Math.max(0.08, Math.min(0.6, 25 / count)) };
}

/** The stroke of a run that is picked, the `nth` of them: it stands out from the others. */
export function pickedStroke(view: CurvesView, run: number, nth: number, look: Look): Stroke {
  const own = view.paint || view.strokes ? strokeOf(view, run, look) : hued(nth, look);
  return { colour: own.colour, dash: own.dash, width: 2, opacity: 1 };
}

/** Colour and dash of the `nth` of things that are told apart. */
export function hued(nth: number, look: Look): { colour: string; dash: readonly number[] } {
  const { hues } = look;
  return { colour: hues[nth % hues.length]!, dash: DASHES[Math.floor(nth / hues.length) % DASHES.length]! };
}

function painted(view: CurvesView, run: number, look: Look): { colour: string; dash: readonly number[] } {
  const paint = view.paint!;
  if (view.special?.[run]) return { colour: look.none, dash: [] };
  const value = view.colors![run]!;
  if (paint.kind === "category") return hued(value, look);
  const to = paint.scale === "log" ? Math.log : (each: number) => each;
  const [low, high] = [to(paint.low), to(paint.high)];
  return { colour: sequential(high > low ? (to(value) - low) / (high - low) : 0.5, look), dash: [] };
}
