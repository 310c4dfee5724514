/** What stands above the panels: the filter, smoothing, x, colour, metrics, and what can be taken away. */

import { columnChooser } from "../base/chooser.ts";
import { button, el } from "../base/dom.ts";
import { download } from "../base/download.ts";
import { filterBar } from "../base/filter_bar.ts";
import { isDark } from "../base/palette.ts";
import { menu, openPopover, type MenuEntry } from "../base/popover.ts";
import { csvOf } from "./csv.ts";
import { titleOf, type Grid } from "./grid.ts";
import type { X } from "./protocol.ts";
import type { CurvesView } from "./view.ts";

const FILE = "curves";
const XS: [X, string][] = [
  ["step", "Step"],
  ["time", "Time"],
  ["relative", "Time since each run began"],
];
const ALONG: Record<X, string> = { step: "step", time: "time", relative: "since start" };

export function toolbar(
  view: CurvesView,
  grid: Grid,
  legend: HTMLElement,
  host: HTMLElement,
  signal: AbortSignal,
): HTMLElement {
  const x = button("", { class: "nbt-button" }, () => openX(view, host, x));
  const colour = button("", { class: "nbt-button" }, () => openColours(view, host, colour));
  const metrics = button("Metrics", { class: "nbt-button" }, () =>
    openPopover(
      host,
      metrics,
      "Metrics",
      columnChooser({
        columns: () => view.state.columns.filter((column) => column.kind === "metrics"),
        shown: view.metrics,
        show: (shown) => view.show(shown),
        chosen: "Metrics that have curves, and tell most",
      }),
    ),
  );
  const more = button("⋯", { class: "nbt-button", title: "More", attributes: { "aria-label": "More" } }, () =>
    openMore(view, grid, legend, host, more),
  );
  const describe = () => {
    const log = view.isLogX ? ", log" : "";
    x.replaceChildren(el("span", { text: "Along " }), el("b", { text: `${ALONG[view.x]}${log}` }));
    const name = view.color?.slice(view.color.indexOf(".") + 1);
    colour.replaceChildren(el("span", { text: name ? "Colour " : "Colour" }), name ? el("b", { text: name }) : "");
  };
  view.on("state", describe);
  describe();
  const leave = () => grid.panels[0]?.area.focus();
  return filterBar(view, [smoothing(view), x, colour, metrics, more], leave, signal).element;
}

function smoothing(view: CurvesView): HTMLElement {
  const slider = el("input", {
    class: "nbt-cur-slider",
    attributes: { type: "range", min: 0, max: 0.99, step: 0.01, "aria-label": "Smoothing" },
  });
  const said = el("span", { class: "nbt-cur-amount" });
  const follow = () => {
    if (document.activeElement !== slider || Number(slider.value) !== view.smoothing) slider.value = String(view.smoothing);
    said.textContent = view.smoothing ? view.smoothing.toFixed(2) : "off";
  };
  slider.addEventListener("input", () => view.smoothBy(Number(slider.value)));
  view.on("look", follow);
  follow();
  return el(
    "label",
    { class: "nbt-cur-smoothing", title: "Smoothing: a moving average, as TensorBoard has it" },
    el("span", { text: "Smooth" }),
    slider,
    said,
  );
}

function openX(view: CurvesView, host: HTMLElement, anchor: HTMLElement): void {
  const entries: (MenuEntry | "line")[] = XS.map(([x, label]) => ({
    label,
    checked: view.x === x,
    run: () => view.goAlong(x, view.logX),
  }));
  if (view.x !== "time") {
    entries.push("line", { label: "Logarithmic", checked: view.logX, run: () => view.goAlong(view.x, !view.logX) });
  }
  let close = () => {};
  close = openPopover(host, anchor, "Along", menu(entries, () => close()));
}

function openColours(view: CurvesView, host: HTMLElement, anchor: HTMLElement): void {
  const kinds = { params: "parameter", metrics: "metric", tags: "tag", attributes: "" };
  const candidates = view.state.columns.filter(({ kind, constant }) => !constant && kind !== "attributes");
  const entries: (MenuEntry | "line")[] = [
    { label: "Each run its own", checked: view.color === null, run: () => view.colorBy(null) },
    "line",
    ...candidates.map(({ name, kind }) => ({
      label: name.slice(kind.length + 1),
      checked: view.color === name,
      hint: kinds[kind],
      run: () => view.colorBy(name),
    })),
  ];
  let close = () => {};
  close = openPopover(host, anchor, "Colour", menu(entries, () => close()));
}

function openMore(view: CurvesView, grid: Grid, legend: HTMLElement, host: HTMLElement, anchor: HTMLElement): void {
  const theme = isDark(grid.look.page) ? "dark" : "light";
  const saveSvg = async () => {
    const text = await view.svg(theme);
    if (text) download(new Blob([text], { type: "image/svg+xml" }), `${FILE}.svg`);
  };
  const entries: (MenuEntry | "line")[] = [
    {
      label: "Save as PNG",
      run: () => grid.composed(legend).toBlob((content) => content && download(content, `${FILE}.png`)),
    },
    { label: "Save as SVG", run: () => void saveSvg() },
    {
      label: "Save points as CSV",
      hint: "as drawn",
      run: () => download(new Blob([csvOf(view, titleOf)], { type: "text/csv" }), `${FILE}.csv`),
    },
    "line",
    { label: "Choose the metrics for me", run: () => view.show(null) },
  ];
  let close = () => {};
  close = openPopover(host, anchor, "More", menu(entries, () => close()));
}
