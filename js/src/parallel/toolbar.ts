/** What stands above the picture: the filter, colour, axes, and what can be taken away. */

import { columnChooser } from "../base/chooser.ts";
import { button, el, svg } from "../base/dom.ts";
import { download } from "../base/download.ts";
import { filterBar } from "../base/filter_bar.ts";
import { isDark, sequential } from "../base/palette.ts";
import { menu, openPopover, type MenuEntry } from "../base/popover.ts";
import { valueText } from "../base/ticks.ts";
import { titleOf } from "./layout.ts";
import type { Picture } from "./picture.ts";
import type { ParallelView } from "./view.ts";

const FILE = "parallel-coordinates";

export function toolbar(view: ParallelView, picture: Picture, host: HTMLElement, signal: AbortSignal): HTMLElement {
  const keep = button("Keep only", { class: "nbt-button", title: "Make the brushes part of the filter" }, () =>
    void view.keepBrushed(),
  );
  const colour = button("", { class: "nbt-button" }, () => openColours(view, host, colour));
  const axes = button("Axes", { class: "nbt-button" }, () =>
    openPopover(
      host,
      axes,
      "Axes",
      columnChooser({
        columns: () => view.state.columns.filter((column) => column.name !== "attributes.name"),
        shown: view.shown,
        show: (shown) => view.show(shown),
        chosen: "Parameters that vary, and the metrics that tell most",
      }),
    ),
  );
  const more = button("⋯", { class: "nbt-button", title: "More", attributes: { "aria-label": "More" } }, () =>
    openMore(view, picture, host, more),
  );
  const describe = () => {
    keep.hidden = view.brushing.isEmpty;
    colour.replaceChildren(
      el("span", { text: view.color ? "Colour " : "Colour" }),
      view.color ? el("b", { text: titleOf(view.color) }) : "",
    );
  };
  for (const change of ["state", "axes", "brushes"] as const) view.on(change, describe);
  describe();
  const leave = () => picture.inner.querySelector<HTMLElement>(".nbt-par-strip")?.focus();
  return filterBar(view, [keep, colour, axes, more], leave, signal).element;
}

/** What the colours mean. */
export function legend(view: ParallelView, picture: Picture): { element: HTMLElement; draw: () => void } {
  const element = el("div", { class: "nbt-par-legend nbt-quiet" });
  const draw = () => {
    const axis = view.color ? view.axes.get(view.color) : undefined;
    element.replaceChildren();
    element.hidden = !axis?.hasPlaced() || view.runs.length === 0;
    if (!axis) return;
    element.append(el("span", { text: titleOf(axis.name) }));
    const { low, high, kind, labels } = axis.head;
    if (!axis.isCategory) {
      const stops = Array.from({ length: 9 }, (_, i) => sequential(i / 8, picture.look)).join(", ");
      element.append(
        el("span", { text: valueText(low, kind) }),
        el("span", { class: "nbt-par-scale", style: { background: `linear-gradient(to right, ${stops})` } }),
        el("span", { text: valueText(high, kind) }),
      );
      return;
    }
    [...labels.keys()].reverse().slice(0, 12).forEach((value) => {
      const { stroke, dash } = picture.strokeOf(value);
      const line = svg("line", { x1: 0, x2: 18, y1: 5, y2: 5, stroke, "stroke-width": 2.5, "stroke-dasharray": dash.join(" ") });
      element.append(
        el("span", { class: "nbt-par-entry" }, svg("svg", { width: 18, height: 10, "aria-hidden": true }, line), labels[value] ?? ""),
      );
    });
    if (labels.length > 12) element.append(el("span", { text: `and ${labels.length - 12} more` }));
  };
  return { element, draw };
}

function openColours(view: ParallelView, host: HTMLElement, anchor: HTMLElement): void {
  const shown = new Set(view.shown);
  const candidates = view.state.columns.filter(
    ({ name, kind, constant }) => !constant && (shown.has(name) || kind === "metrics" || kind === "params"),
  );
  const entry = (name: string, label: string, hint?: string): MenuEntry => ({
    label,
    checked: (view.color ?? "") === name,
    ...(hint ? { hint } : {}),
    run: () => view.colorBy(name),
  });
  const kinds = { metrics: "metric", params: "parameter", tags: "tag", attributes: "" };
  const entries = [...candidates]
    .sort((a, b) => Number(b.kind === "metrics") - Number(a.kind === "metrics"))
    .map((column) => entry(column.name, titleOf(column.name), kinds[column.kind]));
  let close = () => {};
  close = openPopover(host, anchor, "Colour", menu([entry("", "One colour"), "line", ...entries], () => close()));
}

function openMore(view: ParallelView, picture: Picture, host: HTMLElement, anchor: HTMLElement): void {
  const theme = isDark(picture.look.page) ? "dark" : "light";
  const entries: (MenuEntry | "line")[] = [
    {
      label: "Save as PNG",
      run: () => picture.composed().toBlob((content) => content && download(content, `${FILE}.png`)),
    },
    {
      label: "Save as SVG",
      run: () =>
        void view.svg(theme).then((text) => text && download(new Blob([text], { type: "image/svg+xml" }), `${FILE}.svg`)),
    },
    {
      label: "Save the data as CSV",
      run: () =>
        void view.csv().then((text) => text !== null && download(new Blob([text], { type: "text/csv" }), `${FILE}.csv`)),
    },
    "line",
    { label: "Choose the axes for me", run: () => view.show(null) },
  ];
  if (!view.brushing.isEmpty) entries.push({ label: "Clear every brush", run: () => view.clearBrushes() });
  let close = () => {};
  close = openPopover(host, anchor, "More", menu(entries, () => close()));
}
