/**
 * The widgets of a board, each in its place, drawn by the page's own widget manager.
 *
 * Each is drawn once: a board that is arranged anew, or hears of new runs, leaves the
 * views of its widgets alone.
 */

import type { AnyModel, WidgetView } from "../base/anywidget.ts";
import { el } from "../base/dom.ts";
import { GATHERS } from "../base/last_seen.ts";
import { isDark, lookOf } from "../base/palette.ts";
import type { Cell } from "./protocol.ts";
import type { BoardView } from "./view.ts";

export class Grid {
  readonly element = el("div", { class: "nbt-board-grid", attributes: { [GATHERS]: "" } });
  #view: BoardView;
  #model: AnyModel;
  #signal: AbortSignal;
  #places: HTMLElement[] = [];
  #isFilled = false;

  constructor(view: BoardView, model: AnyModel, signal: AbortSignal) {
    this.#view = view;
    this.#model = model;
    this.#signal = signal;
  }

  draw(): void {
    const { cells, columns } = this.#view.snapshot;
    if (!this.#isFilled) this.#fill(cells);
    this.#isFilled = true;
    this.element.style.setProperty("--nbt-board-columns", String(Math.min(columns, Math.max(1, cells.length))));
    this.#places.forEach((place, i) => {
      // The last one fills its row.
      const left = i === cells.length - 1 ? columns - (i % columns) : 1;
      place.style.setProperty("--nbt-board-span", String(cells.length < columns ? 1 : left));
    });
  }

  focus(): void {
    this.element.querySelector<HTMLElement>(".nbt-board-place [tabindex], .nbt-board-place button")?.focus();
  }

  #fill(cells: Cell[]): void {
    if (!this.#model.widget_manager?.create_view) return this.#showPicture(cells);
    this.#places = cells.map((cell) => {
      const place = el("div", { class: "nbt-board-place" });
      if (cell.model !== null) void this.#show(cell.model, place);
      return section(cell, place);
    });
    this.element.replaceChildren(...this.#places);
  }

  async #show(id: string, place: HTMLElement): Promise<void> {
    const manager = this.#model.widget_manager;
    let view: WidgetView | undefined;
    try {
      view = await manager?.create_view?.(await manager.get_model(id));
    } catch {
      place.append(el("div", { class: "nbt-quiet", text: "This widget was closed; run the board's cell again." }));
    }
    if (!view) return;
    if (this.#signal.aborted) return view.remove();
    place.append(view.el);
    this.#signal.addEventListener("abort", () => view.remove());
  }

  /** Where widgets cannot be put into widgets: the board as the kernel draws it. */
  #showPicture(cells: Cell[]): void {
    const said = cells.map(({ title }) => title).join(", ");
    this.#places = [];
    const draw = async () => {
      const text = await this.#view.svg(isDark(lookOf(this.element).page) ? "dark" : "light");
      if (text === null) return;
      const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
      const picture = el("img", { class: "nbt-board-picture", attributes: { src: address, alt: said } });
      await picture.decode().catch(() => {});
      URL.revokeObjectURL(address);
      this.element.replaceChildren(
        picture,
        el("div", { class: "nbt-quiet nbt-small", text: "A picture: this page cannot show widgets within a widget." }),
      );
    };
    this.#view.on("state", () => void draw());
    this.#view.on("selection", () => void draw());
    void draw();
  }
}

function section(cell: Cell, place: HTMLElement): HTMLElement {
  return el(
    "section",
    { class: "nbt-board-cell", attributes: { "aria-label": cell.title } },
    el("div", { class: "nbt-board-title", text: cell.title }),
    cell.note ? el("div", { class: "nbt-board-note nbt-small", text: cell.note }) : null,
    place,
  );
}
