/** What stands above every widget on runs: the filter, how many runs fit it, how many are picked. */

import { button, el, svg } from "./dom.ts";
import type { Column } from "./column.ts";
import { count } from "./format.ts";
import type { Selection } from "./selection.ts";
import { Suggestions } from "./suggestions.ts";

/** Runs that a filter chooses, as a widget's view knows them. */
export interface Filtered {
  readonly state: {
    filter: string;
    /** How the text in the box was understood. */
    mode: "all" | "filter" | "search";
    columns: Column[];
    /** How many runs fit the filter, and how many there are without it. */
    total: number;
    all: number;
  };
  /** What the user typed last; it may be ahead of the kernel's `state.filter`. */
  readonly typed: string;
  readonly error: string | null;
  readonly selection: Selection;
  filter(text: string): void;
  selectNone(): void;
  on(change: "state" | "error" | "selection", listener: () => void): void;
}

export interface FilterBar {
  element: HTMLElement;
  focus: () => void;
}

const FILTER_AFTER_MS = 180;
// Half of a filter is no mistake yet.
const PROBLEM_AFTER_MS = 700;
const PLACEHOLDER = "Filter: any words, or metrics.accuracy > 0.9 and params.model = 'forest'";

/** The bar; `more` stands at its right end, and Arrow Down in the box calls `leave`. */
export function filterBar(
  view: Filtered,
  more: HTMLElement[],
  leave: () => void,
  signal: AbortSignal,
): FilterBar {
  const problem = el("div", { class: "nbt-problem", attributes: { role: "alert" } });
  problem.id = `nbt-problem-${Math.random().toString(36).slice(2, 8)}`;
  const input = filterInput(view, problem.id, leave, signal);
  const said = el("div", { class: "nbt-count", attributes: { "aria-live": "polite" } });
  const picked = el("div", { class: "nbt-picked", attributes: { "aria-live": "polite" } });
  const search = el("label", { class: "nbt-search" }, magnifier(), input.box, input.clear);
  const bar = el("div", { class: "nbt-bar" }, search, said, picked, ...more);

  const describe = () => {
    const { total, all, mode } = view.state;
    said.textContent =
      total === all ? `${count(all)} run${all === 1 ? "" : "s"}` : `${count(total)} of ${count(all)} runs`;
    input.show(view.typed);
    search.classList.toggle("nbt-understood", mode === "filter" && !view.error);
    search.title = mode === "filter" ? "Understood as a filter" : "";
  };
  let patience = 0;
  const complain = () => {
    problem.textContent = view.error ?? "";
    problem.hidden = !view.error;
    search.classList.toggle("nbt-wrong", view.error !== null);
    input.box.setAttribute("aria-invalid", String(view.error !== null));
  };
  const complainSoon = () => {
    clearTimeout(patience);
    if (view.error === null) complain();
    else patience = window.setTimeout(complain, PROBLEM_AFTER_MS);
  };
  input.box.addEventListener("input", () => clearTimeout(patience), { signal });
  signal.addEventListener("abort", () => clearTimeout(patience));
  const pick = () => {
    const chosen = view.selection.size;
    picked.replaceChildren();
    if (!chosen) return;
    picked.append(
      `${count(chosen)} selected`,
      button("×", { class: "nbt-x", title: "Select none", attributes: { "aria-label": "Select none" } }, () =>
        view.selectNone(),
      ),
    );
  };
  view.on("state", describe);
  view.on("selection", pick);
  view.on("error", complainSoon);
  describe();
  complain();
  pick();
  return { element: el("div", { class: "nbt-top" }, bar, problem), focus: () => input.box.focus() };
}

function filterInput(
  view: Filtered,
  problemId: string,
  leave: () => void,
  signal: AbortSignal,
) {
  const box = el("input", {
    attributes: {
      type: "text",
      placeholder: PLACEHOLDER,
      spellcheck: false,
      autocomplete: "off",
      "aria-label": "Filter runs",
      "aria-describedby": problemId,
    },
  });
  const clear = button("×", { class: "nbt-x", attributes: { "aria-label": "Clear the filter" } }, () => {
    box.value = "";
    apply();
    box.focus();
  });
  let timer = 0;
  const apply = () => {
    clearTimeout(timer);
    clear.hidden = !box.value;
    if (box.value !== view.typed) view.filter(box.value);
  };
  const suggestions = new Suggestions(view, box, apply, signal);
  box.addEventListener(
    "input",
    () => {
      clearTimeout(timer);
      clear.hidden = !box.value;
      timer = window.setTimeout(apply, FILTER_AFTER_MS);
    },
    { signal },
  );
  box.addEventListener(
    "keydown",
    (event) => {
      if (suggestions.press(event)) return event.preventDefault();
      if (event.key === "Enter") apply();
      else if (event.key === "ArrowDown") (apply(), leave());
      else if (event.key === "Escape" && box.value) {
        box.value = "";
        apply();
      } else return;
      event.preventDefault();
    },
    { signal },
  );
  signal.addEventListener("abort", () => clearTimeout(timer));
  return {
    box,
    clear,
    /** Follow the kernel, unless the user is ahead of it. */
    show: (text: string) => {
      if (document.activeElement !== box && box.value !== text) box.value = text;
      clear.hidden = !box.value;
    },
  };
}

function magnifier(): SVGElement {
  return svg(
    "svg",
    { class: "nbt-icon", viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": true },
    svg("circle", { cx: 7, cy: 7, r: 4.5 }),
    svg("path", { d: "M10.5 10.5L14 14" }),
  );
}
