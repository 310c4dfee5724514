/** Tabs and the panel of the one that is open. Arrow keys move between tabs, as they do elsewhere. */

import { el } from "../base/dom.ts";

export interface Tab {
  title: string;
  /** What the panel shows is drawn anew where this has changed. */
  of: () => unknown;
  /** Whether the run has anything of the kind. */
  has: () => boolean;
  draw: () => HTMLElement;
}

export class Tabs {
  readonly element: HTMLElement;
  #tabs: readonly Tab[];
  #list = el("div", { class: "nbt-run-tabs", attributes: { role: "tablist", "aria-label": "The run" } });
  #panel = el("div", { class: "nbt-run-panel", attributes: { role: "tabpanel", tabindex: 0 } });
  #open = 0;
  #shown = "";
  #id = `nbt-tab-${Math.random().toString(36).slice(2, 8)}`;

  constructor(tabs: readonly Tab[], signal: AbortSignal) {
    this.#tabs = tabs;
    this.element = el("div", { class: "nbt-run-body" }, this.#list, this.#panel);
    this.#panel.id = `${this.#id}-panel`;
    this.#list.addEventListener("keydown", (event) => this.#press(event), { signal });
    this.#list.addEventListener(
      "click",
      (event) => {
        const tab = (event.target as Element).closest<HTMLElement>("[role=tab]");
        if (tab) this.open(Number(tab.dataset.place));
      },
      { signal },
    );
  }

  /** Draw the tabs that have something to show, and the open one where it has changed. */
  draw(): void {
    const open = this.#tabs[this.#open]!;
    const state = JSON.stringify([this.#open, open.of()]);
    if (state !== this.#shown) {
      const { scrollTop } = this.#panel;
      this.#panel.replaceChildren(open.draw());
      this.#panel.scrollTop = scrollTop;
      this.#shown = state;
    }
    const focused = this.#list.contains(document.activeElement);
    this.#list.replaceChildren(
      ...this.#tabs.flatMap(({ title, has }, place) => {
        const isOpen = place === this.#open;
        if (!isOpen && !has()) return [];
        const tab = el("button", {
          class: "nbt-run-tab",
          text: title,
          attributes: {
            role: "tab",
            id: `${this.#id}-${place}`,
            "aria-selected": isOpen,
            "aria-controls": this.#panel.id,
            tabindex: isOpen ? 0 : -1,
            "data-place": place,
          },
        });
        tab.type = "button";
        return [tab];
      }),
    );
    this.#panel.setAttribute("aria-labelledby", `${this.#id}-${this.#open}`);
    if (focused) this.#list.querySelector<HTMLElement>("[aria-selected=true]")?.focus({ preventScroll: true });
  }

  open(place: number): void {
    this.#open = place;
    this.#panel.scrollTop = 0;
    this.draw();
  }

  #press(event: KeyboardEvent): void {
    const tabs = [...this.#list.querySelectorAll<HTMLElement>("[role=tab]")];
    const at = tabs.findIndex((tab) => tab.getAttribute("aria-selected") === "true");
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1 + tabs.length, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.open(Number(tabs[to % tabs.length]?.dataset.place));
  }
}
