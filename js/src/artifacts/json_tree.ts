/** Json that opens and closes; what is folded is not drawn until it is opened. */

import { button, el } from "../base/dom.ts";
import { count } from "../base/format.ts";

/** Of a list or an object; more on request. */
const AT_ONCE = 100;
const MAX_CHARS = 2000;

export function jsonTree(value: unknown): HTMLElement {
  return el("div", { class: "nbt-json", attributes: { tabindex: 0, "aria-label": "json" } }, node("", value, true));
}

function node(key: string, value: unknown, isOpen: boolean): HTMLElement {
  const name = key === "" ? null : el("span", { class: "nbt-json-key", text: `${key}: ` });
  if (typeof value !== "object" || value === null) return el("div", { class: "nbt-json-leaf" }, name, leaf(value));
  const isList = Array.isArray(value);
  const entries = Object.entries(value);
  const told = isList ? `[${count(entries.length)}]` : `{${entries.slice(0, 4).map(([each]) => each).join(", ").slice(0, 60)}${entries.length > 4 ? ", …" : ""}}`;
  const fold = el("details", { class: "nbt-json-fold" }, el("summary", {}, name, el("span", { class: "nbt-quiet", text: told })));
  const inner = el("div", { class: "nbt-json-inner" });
  fold.append(inner);
  let drawn = 0;
  const draw = () => {
    inner.querySelector(":scope > button")?.remove();
    const part = entries.slice(drawn, drawn + AT_ONCE);
    inner.append(...part.map(([each, of]) => node(each, of, false)));
    drawn += part.length;
    const left = entries.length - drawn;
    if (left > 0) inner.append(button(`Show more of ${count(left)}`, { class: "nbt-link" }, draw));
  };
  fold.addEventListener("toggle", () => fold.open && drawn === 0 && draw());
  if (isOpen) {
    draw();
    fold.open = true;
  }
  return fold;
}

function leaf(value: unknown): HTMLElement {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  const cut = text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}… ${count(text.length - MAX_CHARS)} more characters` : text;
  return el("span", { class: `nbt-json-${value === null ? "null" : typeof value}`, text: cut });
}
