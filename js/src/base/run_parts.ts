/** Pieces of a page about a run: its head, named values, texts, pictures. */

import { el } from "./dom.ts";
import type { Figure, RunJson } from "./run.ts";

const TEXT_TITLES: Record<string, string> = {
  source: "Source",
  stdout: "Output",
  stderr: "Errors and warnings",
  traceback: "Traceback",
  "git.diff": "Uncommitted changes",
};

/** A dot in the colour of the status. */
export function statusDot(status: string): HTMLElement {
  return el("span", { class: `nbt-dot nbt-is-${status}`, attributes: { "aria-hidden": true } });
}

export function verdict(run: RunJson): HTMLElement | null {
  if (run.verdict === null) return null;
  const section = titled("Verdict");
  const replayed = run.replayed === null ? "" : ` · replayed: ${run.replayed}`;
  section.append(
    el("span", { class: `nbt-verdict nbt-is-${run.verdict.replace(" ", "-")}`, text: run.verdict }),
    el("span", { class: "nbt-quiet", text: replayed }),
    ...run.blames.map((text) => el("div", { class: "nbt-quiet nbt-small", text })),
  );
  return section;
}

/** Names and values, a line each; `null` where there are none. */
export function pairs(title: string, entries: [string, string][]): HTMLElement | null {
  if (!entries.length) return null;
  const section = titled(title);
  for (const [key, value] of entries) section.append(pair(key, value));
  return section;
}

export function pair(key: string, value: string): HTMLElement {
  return el(
    "div",
    { class: "nbt-pair" },
    el("span", { class: "nbt-key", text: key, title: key }),
    el("span", { class: "nbt-value", text: value, title: value.slice(0, 2000) }),
  );
}

export function inputPairs(run: RunJson): [string, string][] {
  return run.inputs.map(({ name, kind, shape, digest, note }) => [
    name,
    [kind, shape, digest, note].filter((part) => part).join(" · "),
  ]);
}

/** A text that the run kept, as it is; where it was cut, how to get all of it. */
export function keptText(role: string, text: string, cut: boolean): HTMLElement[] {
  const lines = el("pre", {
    class: role === "traceback" ? "nbt-log nbt-bad" : "nbt-log",
    text,
    attributes: { tabindex: 0, "aria-label": titleOfText(role) },
  });
  if (!cut) return [lines];
  const how = `run.text("${role}") has all of it`;
  return [lines, el("div", { class: "nbt-quiet nbt-small", text: `Cut here; ${how}.` })];
}

export function titleOfText(role: string): string {
  return TEXT_TITLES[role] ?? role;
}

export function figure({ path, image }: Figure): HTMLElement {
  const address = URL.createObjectURL(image);
  const picture = el("img", { class: "nbt-figure", attributes: { src: address, alt: path } });
  picture.addEventListener("load", () => URL.revokeObjectURL(address));
  return picture;
}

export function titled(title: string): HTMLElement {
  return el("section", { class: "nbt-section" }, title ? el("h4", { text: title }) : null);
}

export function folded(title: string, open: boolean): HTMLDetailsElement {
  const section = el("details", { class: "nbt-section" }, el("summary", { text: title }));
  section.open = open;
  return section;
}
