/** The list in which columns are chosen and pinned. */

import { button, el } from "./dom.ts";
import { label } from "./layout.ts";
import type { Column } from "./protocol.ts";
import type { TableView } from "./view.ts";

const BANDS: [Column["kind"], string][] = [
  ["attributes", "Run"],
  ["params", "Parameters"],
  ["metrics", "Metrics"],
  ["tags", "Tags"],
];

export function columnChooser(view: TableView): HTMLElement {
  // The kernel's answer comes later than the next click.
  let shown = [...view.state.shown];
  let pinned = [...view.state.pinned];
  const search = el("input", {
    class: "nbt-choose-search",
    attributes: { type: "text", placeholder: "Find a column", "aria-label": "Find a column" },
  });
  const list = el("div", { class: "nbt-choose-list" });

  const fill = () => {
    const sought = search.value.toLowerCase();
    list.replaceChildren();
    for (const [kind, title] of BANDS) {
      const columns = view.state.columns.filter(
        (column) => column.kind === kind && column.name.toLowerCase().includes(sought),
      );
      if (!columns.length) continue;
      list.append(el("div", { class: "nbt-choose-band", text: title }));
      for (const column of columns) list.append(choice(column));
    }
    if (!list.firstChild) list.append(el("div", { class: "nbt-quiet nbt-pad", text: "No such column" }));
  };
  const choice = (column: Column): HTMLElement => {
    const { name } = column;
    const box = el("input", { class: "nbt-box", attributes: { type: "checkbox" } });
    box.checked = shown.includes(name);
    box.addEventListener("change", () => {
      shown = box.checked ? inserted(view, shown, name) : shown.filter((other) => other !== name);
      view.setColumns({ shown });
    });
    const pin = button("", { class: "nbt-pin" }, () => {
      const on = pinned.includes(name);
      pinned = on ? pinned.filter((other) => other !== name) : [...pinned, name];
      if (!on && !shown.includes(name)) shown = inserted(view, shown, name);
      view.setColumns({ shown, pinned });
      fill();
    });
    const isPinned = pinned.includes(name);
    pin.textContent = isPinned ? "Unpin" : "Pin";
    pin.setAttribute("aria-pressed", String(isPinned));
    const note = column.constant ? `= ${column.value ?? ""}` : "";
    return el(
      "div",
      { class: "nbt-choice" },
      el(
        "label",
        { title: name },
        box,
        el("span", { class: "nbt-choice-name", text: label(column) }),
        el("span", { class: "nbt-quiet", text: note }),
      ),
      pin,
    );
  };
  search.addEventListener("input", fill);
  fill();
  const reset = button("Choose for me", { class: "nbt-button", title: "Parameters that vary, and every metric" }, () => {
    view.setColumns({ shown: null, pinned: [] });
    (reset.closest("[popover]") as HTMLElement | null)?.hidePopover();
  });
  return el("div", { class: "nbt-choose" }, search, list, el("div", { class: "nbt-choose-foot" }, reset));
}

/** `shown` with `name` at its place among the columns of its kind. */
function inserted(view: TableView, shown: readonly string[], name: string): string[] {
  const order = view.state.columns.map((column) => column.name);
  const place = order.indexOf(name);
  const at = shown.findIndex((other) => order.indexOf(other) > place);
  return at < 0 ? [...shown, name] : [...shown.slice(0, at), name, ...shown.slice(at)];
}
