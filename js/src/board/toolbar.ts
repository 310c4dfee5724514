/** What stands above the grid: the board's name, the filter of all its widgets, and what can be kept. */

import { button, el } from "../base/dom.ts";
import { fileEntries } from "../base/files_menu.ts";
import { filterBar } from "../base/filter_bar.ts";
import { menu, openPopover } from "../base/popover.ts";
import type { BoardView } from "./view.ts";

const MOST_COLUMNS = 4;

export function toolbar(view: BoardView, host: HTMLElement, leave: () => void, signal: AbortSignal): HTMLElement {
  const save = button("Save…", { class: "nbt-button", title: "Keep this board in the store" }, () =>
    openSaving(view, host, save),
  );
  const more = button("⋯", { class: "nbt-button", title: "More", attributes: { "aria-label": "More" } }, () =>
    openMore(view, host, more),
  );
  const name = el("h3", { class: "nbt-board-name" });
  const describe = () => {
    name.textContent = view.snapshot.name;
    name.hidden = !view.snapshot.name;
  };
  view.on("state", describe);
  describe();
  return el("div", {}, name, filterBar(view, [save, more], leave, signal).element);
}

function openSaving(view: BoardView, host: HTMLElement, anchor: HTMLElement): void {
  const box = el("input", {
    class: "nbt-choose-search",
    attributes: { type: "text", "aria-label": "Name of the board", placeholder: "Name", maxlength: 500 },
  });
  box.value = view.snapshot.name;
  let close = () => {};
  const keep = () => {
    const name = box.value.trim();
    if (!name) return box.focus();
    close();
    view.saveAs(name);
  };
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    keep();
  });
  const hint = el("div", {
    class: "nbt-quiet nbt-small nbt-board-hint",
    text: "Its widgets with their options, the grid and the filter. A board of that name is replaced.",
  });
  const row = el("div", { class: "nbt-board-saving" }, box, button("Save", { class: "nbt-button nbt-on" }, keep));
  close = openPopover(host, anchor, "Save the board", el("div", {}, row, hint));
  box.select();
}

function openMore(view: BoardView, host: HTMLElement, anchor: HTMLElement): void {
  const grid = Array.from({ length: MOST_COLUMNS }, (_, i) => ({
    label: i ? `${i + 1} columns` : "1 column",
    checked: view.snapshot.columns === i + 1,
    run: () => view.arrange(i + 1),
  }));
  const files = fileEntries(view, host, view.snapshot.name || "board");
  let close = () => {};
  close = openPopover(host, anchor, "More", menu([...grid, "line", ...files], () => close()));
}
