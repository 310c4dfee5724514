/** Texts with their lines coloured: what came, what went, and the words that changed. */

import { button, el } from "./dom.ts";

/** A piece of a line, and whether it changed. */
export type Part = [text: string, changed: boolean];
/** A line as its sign (`+`, `-`, a space, or `…` between parts) and its pieces. */
export type MarkedLine = [sign: string, parts: Part[]];

const SHOWN = 60;
const CLASSES: Record<string, string> = { "+": "nbt-diff-come", "-": "nbt-diff-gone" };

/** The lines in a box of their own; those beyond the first 60 come when asked for. */
export function diffBox(lines: readonly MarkedLine[], cut: number): HTMLElement {
  // As wide as the longest line, so that tints reach its end when scrolled.
  const inner = el("div", { class: "nbt-diff-lines" }, ...lines.slice(0, SHOWN).map(diffLine));
  const box = el("div", { class: "nbt-diff", attributes: { tabindex: 0, role: "group", "aria-label": "Changed lines" } }, inner);
  const hidden = lines.length - SHOWN;
  if (hidden > 0) {
    const more = button(`Show ${hidden} more lines`, { class: "nbt-link nbt-small" }, () => {
      more.remove();
      inner.append(...lines.slice(SHOWN).map(diffLine), ...cutLine(cut));
    });
    return el("div", {}, box, more);
  }
  inner.append(...cutLine(cut));
  return box;
}

function cutLine(cut: number): HTMLElement[] {
  return cut ? [el("div", { class: "nbt-diff-line nbt-quiet", text: `… ${cut} more lines` })] : [];
}

function diffLine([sign, parts]: MarkedLine): HTMLElement {
  return el(
    "div",
    { class: `nbt-diff-line ${CLASSES[sign] ?? ""}` },
    el("span", { class: "nbt-diff-sign", text: sign === "…" ? "⋯" : sign }),
    ...parts.map(([text, changed]) => (changed ? el("mark", { text }) : el("span", { text }))),
  );
}

/** git's own diff as lines: its headings are told apart from what came and went. */
export function gitLines(text: string): MarkedLine[] {
  return text.split("\n").map((line) => {
    const heading = /^(diff |index |--- |\+\+\+ |@@|new file|deleted file|similarity|rename )/.test(line);
    const sign = line[0];
    if (heading || (sign !== "+" && sign !== "-")) return ["", [[line, false]]];
    return [sign, [[line.slice(1), false]]];
  });
}
