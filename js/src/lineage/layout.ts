/** Where the boxes of a lineage are, in a place of some width, and which belong together. */

import type { Snapshot } from "./protocol.ts";

export const BOX_HEIGHT = 40;
export const TOP = 30;
const GAP = 10;
const MAX_BOX = 260;
const MIN_BOX = 88;

export interface Layout {
  width: number;
  height: number;
  boxWidth: number;
  lane: number;
}

export function layoutFor(snapshot: Snapshot, room: number): Layout {
  const lane = Math.max(22, Math.min(90, room * 0.11));
  const boxWidth = Math.max(MIN_BOX, Math.min(MAX_BOX, (room - 2 * lane - 2) / 3));
  const most = Math.max(1, ...snapshot.columns.map((column) => column.length));
  return { width: 3 * boxWidth + 2 * lane + 2, height: TOP + most * (BOX_HEIGHT + GAP), boxWidth, lane };
}

export function left(side: number, { boxWidth, lane }: Layout): number {
  return side * (boxWidth + lane);
}

export function top(place: number): number {
  return TOP + place * (BOX_HEIGHT + GAP);
}

/** A line from the right edge of one box to the left edge of another in the next column. */
export function curve(side: number, from: number, to: number, layout: Layout): string {
  const x0 = left(side, layout) + layout.boxWidth;
  const x1 = x0 + layout.lane;
  const [y0, y1] = [top(from) + BOX_HEIGHT / 2, top(to) + BOX_HEIGHT / 2];
  const bend = (x0 + x1) / 2;
  return `M${x0} ${y0}C${bend} ${y0} ${bend} ${y1} ${x1} ${y1}`;
}

/** What a box was made from, and what came of it: all the way to both sides, itself with it. */
export function related(key: string, joined: Snapshot["joined"]): Set<string> {
  const found = new Set([key]);
  const pairs = joined.flat();
  for (const [from, to] of [[0, 1], [1, 0]] as const) {
    const front = [key];
    for (let at = front.pop(); at !== undefined; at = front.pop()) {
      for (const pair of pairs) {
        if (pair[from] !== at || found.has(pair[to])) continue;
        found.add(pair[to]);
        front.push(pair[to]);
      }
    }
  }
  return found;
}

/** What is joined to a box on its left, or on its right. */
export function beside(key: string, joined: Snapshot["joined"], side: "left" | "right"): string[] {
  const [from, to] = side === "left" ? ([1, 0] as const) : ([0, 1] as const);
  return joined.flat().filter((pair) => pair[from] === key).map((pair) => pair[to]);
}
