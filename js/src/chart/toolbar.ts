/** What stands above the chart: the filter, the columns, and what can be taken away. */

import { label } from "../base/column.ts";
import { columnPicker } from "../base/column_picker.ts";
import { button, el } from "../base/dom.ts";
import { download } from "../base/download.ts";
import { filterBar } from "../base/filter_bar.ts";
import { menu, openPopover, type MenuEntry } from "../base/popover.ts";
import type { Picture } from "./picture.ts";
import type { Role } from "./protocol.ts";
import type { ChartView } from "./view.ts";

export function toolbar(view: ChartView, picture: Picture, host: HTMLElement, signal: AbortSignal): HTMLElement {
  const roles = el("div", { class: "nbt-chart-roles" });
  const more = button("⋯", { class: "nbt-button", title: "More", attributes: { "aria-label": "More" } }, () =>
    openMore(view, picture, host, more),
  );
  const buttons = view.roles.map(({ role }) => {
    const made = button("", { class: "nbt-button nbt-chart-role" }, () => openColumns(view, role, host, made));
    made.setAttribute("aria-haspopup", "dialog");
    return made;
  });
  roles.append(...buttons, more);
  const describe = () => {
    view.roles.forEach((role, i) => {
      const name = columnLabel(view, role);
      buttons[i]?.replaceChildren(el("span", { text: name ? `${role.title} ` : role.title }), el("b", { text: name }));
    });
  };
  view.on("state", describe);
  describe();
  return filterBar(view, [roles], () => picture.element.focus(), signal).element;
}

function columnLabel(view: ChartView, { column }: Role): string {
  if (column === null) return "";
  const known = view.state.columns.find(({ name }) => name === column);
  return known ? label(known) : column;
}

function openColumns(view: ChartView, role: string, host: HTMLElement, anchor: HTMLElement): void {
  const { column, kinds, optional, title } = view.roles.find((each) => each.role === role)!;
  let close = () => {};
  const content = columnPicker({
    columns: view.state.columns.filter(({ name }) => name !== "attributes.name"),
    kinds,
    picked: column,
    pick: (name) => {
      close();
      view.show(role, name);
    },
    ...(optional ? { none: "None" } : {}),
  });
  close = openPopover(host, anchor, title, content);
}

function openMore(view: ChartView, picture: Picture, host: HTMLElement, anchor: HTMLElement): void {
  const save = (content: Blob | null, ending: string) => content && download(content, `${view.name}.${ending}`);
  const entries: (MenuEntry | "line")[] = [
    { label: "Save as PNG", run: () => void picture.png().then((content) => save(content, "png")) },
    { label: "Save as SVG", run: () => void picture.svg().then((content) => save(content, "svg")) },
    {
      label: "Save the data as CSV",
      run: () => void view.csv().then((text) => save(text === null ? null : new Blob([text], { type: "text/csv" }), "csv")),
    },
    {
      label: "Save as Vega-Lite",
      run: () => save(new Blob([JSON.stringify(view.spec("light"))], { type: "application/json" }), "vl.json"),
    },
  ];
  const axes = Object.entries(view.logs);
  if (axes.length) entries.push("line");
  for (const [axis, on] of axes) {
    const name = axis.toUpperCase();
    entries.push(
      { label: `${name} logarithmic`, checked: on === true, run: () => view.rescale(axis, on === true ? null : true) },
      { label: `${name} linear`, checked: on === false, run: () => view.rescale(axis, on === false ? null : false) },
    );
  }
  if (!view.isChosenForYou) entries.push("line", { label: "Choose the columns for me", run: () => view.choose() });
  let close = () => {};
  close = openPopover(host, anchor, "More", menu(entries, () => close()));
}
