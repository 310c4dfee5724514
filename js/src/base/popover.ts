/** A small panel that hangs from a button, above everything else on the page. */

import { el } from "./dom.ts";

const MARGIN = 8;
const GAP = 4;

/**
 * Show `content` under `anchor` until Escape, a click elsewhere, or `close`.
 *
 * The browser's own popover layer is used, since outputs of notebooks clip
 * whatever leaves them.
 */
export function openPopover(
  host: HTMLElement,
  anchor: HTMLElement,
  label: string,
  content: HTMLElement,
  onClose?: () => void,
): () => void {
  const panel = el(
    "div",
    { class: "nbt-popover", attributes: { popover: "auto", role: "dialog", "aria-label": label } },
    content,
  );
  host.append(panel);
  anchor.setAttribute("aria-expanded", "true");
  panel.addEventListener("toggle", (event) => {
    if ((event as ToggleEvent).newState !== "closed") return;
    anchor.removeAttribute("aria-expanded");
    panel.remove();
    onClose?.();
  });
  panel.showPopover();
  place(panel, anchor);
  const first = panel.querySelector<HTMLElement>("input, button, [tabindex]");
  first?.focus({ preventScroll: true });
  return () => panel.isConnected && panel.hidePopover();
}

function place(panel: HTMLElement, anchor: HTMLElement): void {
  const from = anchor.getBoundingClientRect();
  const size = panel.getBoundingClientRect();
  const left = Math.min(from.left, window.innerWidth - size.width - MARGIN);
  const below = from.bottom + GAP;
  const fits = below + size.height <= window.innerHeight - MARGIN;
  const top = fits ? below : Math.max(MARGIN, from.top - size.height - GAP);
  panel.style.left = `${Math.max(MARGIN, left)}px`;
  panel.style.top = `${top}px`;
}

/** A list of commands; arrow keys move among them. */
export function menu(entries: (MenuEntry | "line")[], close: () => void): HTMLElement {
  const list = el("div", { class: "nbt-menu", attributes: { role: "menu" } });
  for (const entry of entries) {
    if (entry === "line") {
      list.append(el("div", { class: "nbt-menu-line", attributes: { role: "separator" } }));
      continue;
    }
    const item = el(
      "button",
      {
        class: "nbt-menu-entry",
        attributes: {
          role: entry.checked === undefined ? "menuitem" : "menuitemradio",
          "aria-checked": entry.checked,
        },
      },
      el("span", { class: "nbt-check", text: entry.checked ? "✓" : "" }),
      el("span", { text: entry.label }),
      entry.hint ? el("span", { class: "nbt-menu-hint", text: entry.hint }) : null,
    );
    item.type = "button";
    item.addEventListener("click", () => {
      close();
      entry.run();
    });
    list.append(item);
  }
  list.addEventListener("keydown", (event) => moveFocus(list, event));
  return list;
}

export interface MenuEntry {
  label: string;
  hint?: string;
  checked?: boolean;
  run: () => void;
}

function moveFocus(list: HTMLElement, event: KeyboardEvent): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (!step) return;
  event.preventDefault();
  const items = [...list.querySelectorAll<HTMLElement>("button")];
  const at = items.indexOf(document.activeElement as HTMLElement);
  items[(at + step + items.length) % items.length]?.focus();
}
