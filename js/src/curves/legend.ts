/** What strokes mean; an entry that is pointed at stands out, and one that is clicked is picked. */

import { button, el, svg } from "../base/dom.ts";
import { count } from "../base/format.ts";
import { onTheme, sequential } from "../base/palette.ts";
import { valueText } from "../base/ticks.ts";
import type { Grid } from "./grid.ts";
import { hued, pickedStroke, strokeOf } from "./strokes.ts";
import type { CurvesView } from "./view.ts";

/** More would hide the picture that they explain. */
const MAX_ENTRIES = 28;

export function legend(view: CurvesView, grid: Grid, signal: AbortSignal): HTMLElement {
  const element = el("div", { class: "nbt-cur-legend", attributes: { role: "group", "aria-label": "Legend" } });
  let shown = "";
  const draw = () => {
    element.hidden = view.runs.length === 0;
    const focused = document.activeElement?.closest<HTMLElement>(".nbt-cur-entry")?.dataset["key"];
    const isOwn = element.contains(document.activeElement);
    // While curves grow the legend stays as it is, and so does what one is about to click.
    const now = JSON.stringify([view.runs, [...view.selection.runs], view.paint, view.strokes && [...view.strokes], grid.look]);
    if (now === shown) return;
    shown = now;
    element.replaceChildren(...entries(view, grid));
    if (isOwn && focused) element.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  };
  for (const change of ["state", "look", "selection"] as const) view.on(change, draw);
  // The grid, which listens too, has heard of it before.
  onTheme(draw, signal);
  draw();
  return element;
}

function entries(view: CurvesView, grid: Grid): HTMLElement[] {
  if (view.paint) return view.paint.kind === "category" ? categories(view, grid) : scale(view, grid);
  const picked = view.picked();
  if (view.strokes) {
    // The oldest first: the order in which strokes were given out.
    const runs = [...view.runs.keys()].sort((a, b) => view.strokes![a]! - view.strokes![b]!);
    return runs.map((run) => entry(view, view.nameOf(run), view.runs[run]!, [run], strokeOf(view, run, grid.look), picked));
  }
  const told = el("span", { class: "nbt-quiet", text: `${count(view.runs.length)} runs; click a line to pick it` });
  const some = (picked ?? []).slice(0, MAX_ENTRIES).map((run, nth) => {
    return entry(view, view.nameOf(run), view.runs[run]!, [run], pickedStroke(view, run, nth, grid.look), picked);
  });
  const more = (picked?.length ?? 0) - some.length;
  if (more > 0) some.push(el("span", { class: "nbt-quiet", text: `and ${count(more)} more` }));
  return some.length ? some : [told];
}

function categories(view: CurvesView, grid: Grid): HTMLElement[] {
  const { labels, name } = view.paint!;
  const runsOf = labels.map(() => [] as number[]);
  const without: number[] = [];
  view.colors!.forEach((value, run) => (view.special?.[run] ? without : runsOf[value]!).push(run));
  const made: HTMLElement[] = [titled(name)];
  [...labels.keys()]
    .reverse()
    .filter((value) => runsOf[value]!.length)
    .slice(0, MAX_ENTRIES)
    .forEach((value) => made.push(entry(view, labels[value]!, String(value), runsOf[value]!, hued(value, grid.look), view.picked())));
  const none = { colour: grid.look.none, dash: [] };
  if (without.length) made.push(entry(view, "without", "without", without, none, view.picked()));
  const more = labels.length - MAX_ENTRIES;
  if (more > 0) made.push(el("span", { class: "nbt-quiet", text: `and ${count(more)} more` }));
  return made;
}

function scale(view: CurvesView, grid: Grid): HTMLElement[] {
  const { name, low, high, kind } = view.paint!;
  const stops = Array.from({ length: 9 }, (_, i) => sequential(i / 8, grid.look)).join(", ");
  return [
    titled(name),
    el("span", { class: "nbt-quiet", text: valueText(low, kind) }),
    el("span", { class: "nbt-cur-scale", style: { background: `linear-gradient(to right, ${stops})` } }),
    el("span", { class: "nbt-quiet", text: valueText(high, kind) }),
  ];
}

function titled(name: string): HTMLElement {
  return el("span", { class: "nbt-quiet", text: name.slice(name.indexOf(".") + 1) });
}

function entry(
  view: CurvesView,
  name: string,
  key: string,
  runs: readonly number[],
  { colour, dash }: { colour: string; dash: readonly number[] },
  picked: readonly number[] | null,
): HTMLElement {
  const line = svg("line", { x1: 0, x2: 22, y1: 5, y2: 5, stroke: colour, "stroke-width": 2.5, "stroke-dasharray": dash.join(" ") });
  const made = button("", { class: "nbt-cur-entry", title: name }, (event) =>
    view.choose(runs, event.ctrlKey || event.metaKey || event.shiftKey),
  );
  const chosen = new Set(picked);
  made.dataset["key"] = key;
  made.setAttribute("aria-pressed", String(picked !== null && runs.every((run) => chosen.has(run))));
  made.append(svg("svg", { width: 22, height: 10, "aria-hidden": true }, line), el("bdi", { text: name }));
  const light = () => view.light(runs);
  made.addEventListener("pointerenter", light);
  made.addEventListener("focus", light);
  for (const event of ["pointerleave", "blur"]) made.addEventListener(event, () => view.light([]));
  return made;
}
