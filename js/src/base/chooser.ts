/** The list in which columns are chosen, and pinned where a widget knows pins. */

import { BANDS, label, type Column } from "./column.ts";
import { button, el } from "./dom.ts";

/** What the list shows and changes. */
export interface Choosable {
  columns: () => readonly Column[];
  shown: readonly string[];
  /** Show these; `null` lets the kernel choose. */
  show: (shown: string[] | null) => void;
  /** Pins, for widgets that have them; whoever is pinned is shown too. */
  pins?: { pinned: readonly string[]; pin: (pinned: string[], shown: string[]) => void };
  /** What "Choose for me" would show. */
  chosen: string;
}

export function columnChooser(of: Choosable): HTMLElement {
  // The kernel's answer comes later than the next click.
  let shown = [...of.shown];
  let pinned = [...(of.pins?.pinned ?? [])];
  const search = el("input", {
    class: "nbt-choose-search",
    attributes: { type: "text", placeholder: "Find a column", "aria-label": "Find a column" },
  });
  const list = el("div", { class: "nbt-choose-list" });

  const fill = () => {
    const sought = search.value.toLowerCase();
    list.replaceChildren();
    for (const [kind, title] of BANDS) {
      const columns = of.columns().filter(
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
      shown = box.checked ? inserted(of, shown, name) : shown.filter((other) => other !== name);
      of.show(shown);
    });
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
      pin(name),
    );
  };
  const pin = (name: string): HTMLElement | null => {
    const { pins } = of;
    if (!pins) return null;
    const isPinned = pinned.includes(name);
    const toggle = button(isPinned ? "Unpin" : "Pin", { class: "nbt-pin" }, () => {
      pinned = isPinned ? pinned.filter((other) => other !== name) : [...pinned, name];
      if (!isPinned && !shown.includes(name)) shown = inserted(of, shown, name);
      pins.pin(pinned, shown);
      fill();
    });
    toggle.setAttribute("aria-pressed", String(isPinned));
    return toggle;
  };
  search.addEventListener("input", fill);
  fill();
  const reset = button("Choose for me", { class: "nbt-button", title: of.chosen }, () => {
    of.show(null);
    (reset.closest("[popover]") as HTMLElement | null)?.hidePopover();
  });
  return el("div", { class: "nbt-choose" }, search, list, el("div", { class: "nbt-choose-foot" }, reset));
}

/** `shown` with `name` at its place among the columns of its kind. */
function inserted(of: Choosable, shown: readonly string[], name: string): string[] {
  const order = of.columns().map((column) => column.name);
  const place = order.indexOf(name);
  const at = shown.findIndex((other) => order.indexOf(other) > place);
  return at < 0 ? [...shown, name] : [...shown.slice(0, at), name, ...shown.slice(at)];
}
