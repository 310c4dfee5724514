/** The list in which one column is chosen, however many there are. */

import { BANDS, label, type Column, type ColumnKind } from "./column.ts";
import { el } from "./dom.ts";

export interface Pickable {
  columns: readonly Column[];
  /** The kinds to offer, in this order. */
  kinds: readonly ColumnKind[];
  picked: string | null;
  pick: (name: string | null) => void;
  /** What stands for no column, where there may be none. */
  none?: string;
}

export function columnPicker(of: Pickable): HTMLElement {
  const search = el("input", {
    class: "nbt-choose-search",
    attributes: { type: "text", placeholder: "Find a column", "aria-label": "Find a column" },
  });
  const list = el("div", { class: "nbt-choose-list", attributes: { role: "menu" } });
  const titles = new Map(BANDS);

  const fill = () => {
    const sought = search.value.toLowerCase();
    list.replaceChildren();
    if (of.none !== undefined && !sought) list.append(entry(null, of.none, ""));
    for (const kind of of.kinds) {
      const columns = of.columns.filter(
        (column) => column.kind === kind && column.name.toLowerCase().includes(sought),
      );
      if (!columns.length) continue;
      list.append(el("div", { class: "nbt-choose-band", text: titles.get(kind) ?? "" }));
      for (const column of columns) {
        list.append(entry(column.name, label(column), column.constant ? `= ${column.value ?? ""}` : ""));
      }
    }
    if (!list.firstChild) list.append(el("div", { class: "nbt-quiet nbt-pad", text: "No such column" }));
  };
  const entry = (name: string | null, text: string, note: string): HTMLElement => {
    const isPicked = of.picked === name;
    const made = el(
      "button",
      {
        class: "nbt-menu-entry",
        attributes: { role: "menuitemradio", "aria-checked": isPicked },
        ...(name ? { title: name } : {}),
      },
      el("span", { class: "nbt-check", text: isPicked ? "✓" : "" }),
      el("span", { class: "nbt-choice-name", text }),
      note ? el("span", { class: "nbt-menu-hint", text: note }) : null,
    );
    made.type = "button";
    made.addEventListener("click", () => of.pick(name));
    return made;
  };
  const whole = el("div", { class: "nbt-choose" }, search, list);
  whole.addEventListener("keydown", (event) => {
    const entries = [...list.querySelectorAll<HTMLElement>("button")];
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const at = entries.indexOf(document.activeElement as HTMLElement);
    if (event.key === "Enter" && at < 0) entries[0]?.click();
    else if (step) (entries[at + step] ?? search).focus();
    else return;
    event.preventDefault();
  });
  search.addEventListener("input", fill);
  fill();
  return whole;
}
