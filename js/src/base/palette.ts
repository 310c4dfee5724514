/**
 * Colours of pictures, in light and dark. `charts/style.py` has the same: hues that
 * stay apart for the three kinds of colour blindness, each of a contrast of 3:1 to the page.
 */

export interface Look {
  page: string;
  ink: string;
  quiet: string;
  grid: string;
  /** What has no value. */
  none: string;
  hues: readonly string[];
  /** The part of viridis that the page does not hide. */
  sequential: readonly [number, number];
}

/** Beyond the hues, strokes tell categories apart. */
export const DASHES: readonly (readonly number[])[] = [[], [7, 3], [2, 3], [9, 3, 2, 3]];

const LIGHT = {
  none: "#8C959F",
  hues: ["#0D49D5", "#D48400", "#067244", "#A17CA3", "#8D5B0F", "#3395DF", "#4B1046"],
  sequential: [0, 0.94],
} as const;

const DARK = {
  none: "#7D858F",
  hues: ["#639EFF", "#F3A908", "#4F885D", "#A46EAE", "#D65110", "#60E3D1", "#F6FF70"],
  sequential: [0.14, 1],
} as const;

// Of matplotlib, where it is in the public domain (CC0).
const VIRIDIS = ["440154", "472D7B", "3B528B", "2C728E", "21918C", "28AE80", "5EC962", "ADDC30", "FDE725"].map(
  (hex) => [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)),
);

/** The colours that fit where `root` stands: those of its theme, which may change. */
export function lookOf(root: HTMLElement): Look {
  const probe = document.createElement("span");
  probe.hidden = true;
  root.append(probe);
  const resolve = (name: string) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const page = resolve("--nbt-bg");
  const look = {
    page,
    ink: resolve("--nbt-fg"),
    quiet: resolve("--nbt-quiet"),
    grid: resolve("--nbt-grid"),
    ...(isDark(page) ? DARK : LIGHT),
  };
  probe.remove();
  return look;
}

/** Red, green and blue, from 0 to 255, of `#rrggbb` or what a computed style says. */
export function rgbOf(colour: string): [number, number, number] {
  const hex = /^#(..)(..)(..)/.exec(colour)?.slice(1);
  const parts = hex ? hex.map((part) => Number.parseInt(part, 16)) : (colour.match(/[\d.]+/g) ?? []).map(Number);
  return [parts[0] ?? 255, parts[1] ?? 255, parts[2] ?? 255];
}

export function isDark(colour: string): boolean {
  const [red, green, blue] = rgbOf(colour);
  return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
}

/** The colour of `place`, from 0 to 1, on the sequential scale. */
export function sequential(place: number, look: Look): string {
  const [first, last] = look.sequential;
  const at = (first + (last - first) * place) * (VIRIDIS.length - 1);
  const stop = Math.min(Math.floor(at), VIRIDIS.length - 2);
  const [a, b] = [VIRIDIS[stop]!, VIRIDIS[stop + 1]!];
  return `rgb(${a.map((part, i) => Math.round(part + (b[i]! - part) * (at - stop))).join(" ")})`;
}

/** Call `listener` when the page's theme may have changed. */
export function onTheme(listener: () => void, signal: AbortSignal): void {
  const seen = new MutationObserver(listener);
  // JupyterLab, VS Code and marimo each say so on one of these.
  for (const element of [document.documentElement, document.body]) {
    seen.observe(element, { attributes: true, attributeFilter: ["class", "style", "data-jp-theme-name", "data-theme"] });
  }
  const media = matchMedia("(prefers-color-scheme: dark)");
  media.addEventListener("change", listener, { signal });
  signal.addEventListener("abort", () => seen.disconnect());
}
