/** Names of columns to complete the word at the caret of the filter with. */

import { el } from "./dom.ts";
import type { Filtered } from "./filter_bar.ts";

const SHOWN = 8;
const WORD = /(?:`[^`]*|[\w./-]+)$/;
const KINDS: Record<string, string> = { params: "parameter", metrics: "metric", tags: "tag", attributes: "" };

export class Suggestions {
  #view: Filtered;
  #box: HTMLInputElement;
  #apply: () => void;
  #panel: HTMLElement | null = null;
  #names: string[] = [];
  #active = -1;

  constructor(view: Filtered, box: HTMLInputElement, apply: () => void, signal: AbortSignal) {
    this.#view = view;
    this.#box = box;
    this.#apply = apply;
    box.setAttribute("role", "combobox");
    box.setAttribute("aria-autocomplete", "list");
    box.setAttribute("aria-expanded", "false");
    box.addEventListener("input", () => this.#update(), { signal });
    box.addEventListener("blur", () => this.#close(), { signal });
    signal.addEventListener("abort", () => this.#close());
  }

  /** Whether a key was for the list: arrows move in it, Tab and Enter take a name, Escape closes it. */
  press(event: KeyboardEvent): boolean {
    if (!this.#panel) return false;
    switch (event.key) {
      case "ArrowDown":
        this.#choose((this.#active + 1) % this.#names.length);
        return true;
      case "ArrowUp":
        this.#choose((this.#active - 1 + this.#names.length) % this.#names.length);
        return true;
      case "Tab":
        this.#take(Math.max(this.#active, 0));
        return true;
      case "Enter":
        if (this.#active < 0) {
          this.#close();
          return false;
        }
        this.#take(this.#active);
        return true;
      case "Escape":
        this.#close();
        return true;
    }
    return false;
  }

  #update(): void {
    const word = this.#word();
    const found = word.length < 2 ? [] : suggest(word, this.#view.state.columns.map((c) => c.name));
    this.#close();
    if (!found.length) return;
    this.#names = found.slice(0, SHOWN);
    const panel = el("div", {
      class: "nbt-popover nbt-suggest",
      attributes: { popover: "manual", role: "listbox", "aria-label": "Columns" },
    });
    panel.id = `nbt-list-${Math.random().toString(36).slice(2, 8)}`;
    this.#names.forEach((name, i) => {
      const kind = KINDS[name.split(".")[0] ?? ""] ?? "";
      const option = el(
        "div",
        { class: "nbt-option", attributes: { role: "option", id: `${panel.id}-${i}` } },
        el("span", { text: name }),
        el("span", { class: "nbt-menu-hint", text: kind }),
      );
      // Before the box loses focus to the click.
      option.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        this.#take(i);
      });
      panel.append(option);
    });
    this.#box.closest(".nbt")?.append(panel);
    this.#panel = panel;
    panel.showPopover();
    const at = this.#box.getBoundingClientRect();
    panel.style.left = `${at.left}px`;
    panel.style.top = `${at.bottom + 6}px`;
    this.#box.setAttribute("aria-expanded", "true");
    this.#box.setAttribute("aria-controls", panel.id);
  }

  #choose(place: number): void {
    this.#active = place;
    this.#panel?.querySelectorAll(".nbt-option").forEach((option, i) => {
      option.classList.toggle("nbt-active", i === place);
      option.setAttribute("aria-selected", String(i === place));
    });
    this.#box.setAttribute("aria-activedescendant", `${this.#panel?.id}-${place}`);
  }

  #take(place: number): void {
    const name = this.#names[place];
    if (name === undefined) return;
    const caret = this.#box.selectionStart ?? this.#box.value.length;
    const before = this.#box.value.slice(0, caret).replace(WORD, quoted(name));
    this.#box.value = `${before} ${this.#box.value.slice(caret).trimStart()}`;
    this.#box.setSelectionRange(before.length + 1, before.length + 1);
    this.#close();
    this.#apply();
  }

  #word(): string {
    const caret = this.#box.selectionStart ?? 0;
    const before = this.#box.value.slice(0, caret);
    // Inside a quoted value there is nothing to complete.
    if ((before.match(/'/g)?.length ?? 0) % 2) return "";
    return WORD.exec(before)?.[0] ?? "";
  }

  #close(): void {
    this.#panel?.remove();
    this.#panel = null;
    this.#active = -1;
    this.#box.setAttribute("aria-expanded", "false");
    this.#box.removeAttribute("aria-activedescendant");
  }
}

/** Names that begin with `word`, then those of which a later part does; none for a whole name. */
export function suggest(word: string, names: readonly string[]): string[] {
  const sought = word.toLowerCase();
  if (names.includes(word)) return [];
  const starts = names.filter((name) => name.toLowerCase().startsWith(sought));
  const parts = names.filter(
    (name) => !starts.includes(name) && name.toLowerCase().split(/[._/]/).some((p) => p.startsWith(sought)),
  );
  return [...starts, ...parts];
}

/** A column's name as the filter's grammar wants it: odd keys stand in backticks. */
export function quoted(name: string): string {
  const dot = name.indexOf(".");
  const [kind, key] = [name.slice(0, dot), name.slice(dot + 1)];
  return /^[A-Za-z_]\w*(?:\.\w+)*$/.test(key) ? name : `${kind}.\`${key.replaceAll("`", "``")}\``;
}
