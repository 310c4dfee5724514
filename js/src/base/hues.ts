/** The palette's hues as the page's own variables, `--nbt-hue-0` and so on; they follow the theme. */

import { DASHES, lookOf, onTheme } from "./palette.ts";

export function followHues(root: HTMLElement, signal: AbortSignal): void {
  const set = () => lookOf(root).hues.forEach((hue, i) => root.style.setProperty(`--nbt-hue-${i}`, hue));
  onTheme(set, signal);
  // Its theme's colours are known once it is in the page.
  requestAnimationFrame(() => !signal.aborted && set());
}

const COUNT = 7;

/** The stroke of run `hue`: beyond the hues, dashes tell runs apart. */
export function strokeOf(hue: number): { stroke: string; dash: string } {
  const dash = DASHES[Math.floor(hue / COUNT) % DASHES.length] ?? [];
  return { stroke: `var(--nbt-hue-${hue % COUNT})`, dash: dash.join(" ") };
}
