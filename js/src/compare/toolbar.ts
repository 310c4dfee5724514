/** What stands above the columns: finding a row, which runs are compared, what can be taken away. */

import { button, el, svg } from "../base/dom.ts";
import { fileEntries } from "../base/files_menu.ts";
import { menu, openPopover } from "../base/popover.ts";
import type { CompareView } from "./view.ts";

const FIND_AFTER_MS = 120;

export function toolbar(view: CompareView, host: HTMLElement, signal: AbortSignal): HTMLElement {
  const said = el("div", { class: "nbt-count", attributes: { "aria-live": "polite" } });
  const selected = button("", { class: "nbt-button nbt-on" }, () => view.compare([...view.selection.runs]));
  const swap = button("Swap", { class: "nbt-button", title: "Let the other run be the baseline" }, () => view.swap());
  const more = button("⋯", { class: "nbt-button", title: "More", attributes: { "aria-label": "More" } }, () => {
    const entries = fileEntries(view, host, "comparison");
    const pick = { label: "Select these runs", run: () => view.pick(view.runs.map(({ run_id }) => run_id)) };
    let close = () => {};
    close = openPopover(host, more, "More", menu([...entries, "line", pick], () => close()));
  });
  const describe = () => {
    const { length } = view.runs;
    said.textContent = `${length} run${length === 1 ? "" : "s"}`;
    swap.hidden = length !== 2;
    const compared = new Set(view.runs.map(({ run_id }) => run_id));
    const { size } = view.selection;
    const isOther = size !== compared.size || [...view.selection.runs].some((run) => !compared.has(run));
    selected.hidden = !size || !isOther;
    selected.textContent = `Compare the ${size} selected`;
  };
  view.on("state", describe);
  view.on("selection", describe);
  describe();
  return el("div", { class: "nbt-bar nbt-cmp-bar" }, finder(view, signal), said, selected, swap, more);
}

function finder(view: CompareView, signal: AbortSignal): HTMLElement {
  const box = el("input", {
    attributes: {
      type: "text",
      placeholder: "Find a parameter, metric or package",
      spellcheck: false,
      autocomplete: "off",
      "aria-label": "Find a row",
    },
  });
  let timer = 0;
  const find = () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => view.seek(box.value.trim()), FIND_AFTER_MS);
  };
  box.addEventListener("input", find, { signal });
  box.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || !box.value) return;
      box.value = "";
      find();
      event.preventDefault();
    },
    { signal },
  );
  signal.addEventListener("abort", () => clearTimeout(timer));
  const icon = svg(
    "svg",
    { class: "nbt-icon", viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": true },
    svg("circle", { cx: 7, cy: 7, r: 4.5 }),
    svg("path", { d: "M10.5 10.5L14 14" }),
  );
  return el("label", { class: "nbt-search" }, icon, box);
}
