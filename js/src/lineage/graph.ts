/** The boxes and what joins them. Arrows go along the lines and up and down; Enter looks closer. */

import { button, el, svg } from "../base/dom.ts";
import { count } from "../base/format.ts";
import { lookOf, onTheme } from "../base/palette.ts";
import { beside, BOX_HEIGHT, curve, layoutFor, left, related, top } from "./layout.ts";
import type { Box } from "./protocol.ts";
import type { LineageView } from "./view.ts";

const HEADS = ["Data", "Runs", "Model versions"];

export class GraphPicture {
  readonly element = el("div", { class: "nbt-lin-graph" });
  #view: LineageView;
  #boxes = new Map<string, HTMLElement>();
  #lines: { pair: [string, string]; path: SVGPathElement }[] = [];
  #at = "";
  #hovered: string | null = null;

  constructor(view: LineageView, signal: AbortSignal) {
    this.#view = view;
    this.element.addEventListener("keydown", (event) => this.#press(event), { signal });
    const width = new ResizeObserver(() => this.draw());
    width.observe(this.element);
    onTheme(() => this.draw(), signal);
    signal.addEventListener("abort", () => width.disconnect());
  }

  draw(): void {
    const { snapshot } = this.#view;
    const layout = layoutFor(snapshot, this.element.clientWidth || 800);
    const hadFocus = this.element.contains(document.activeElement);
    const { hues } = lookOf(this.element);
    const places = snapshot.columns.map((column) => new Map(column.map((box, place) => [box.key, place])));
    const keys = snapshot.columns.flat().map(({ key }) => key);
    if (!keys.includes(this.#at)) this.#at = keys[0] ?? "";

    this.#lines = snapshot.joined.flatMap((pairs, side) =>
      pairs.flatMap((pair) => {
        const [from, to] = [places[side]?.get(pair[0]), places[side + 1]?.get(pair[1])];
        if (from === undefined || to === undefined) return [];
        return [{ pair, path: svg("path", { d: curve(side, from, to, layout), class: "nbt-lin-line" }) }];
      }),
    );
    const lines = svg(
      "svg",
      { class: "nbt-lin-lines", width: layout.width, height: layout.height, "aria-hidden": true },
      ...this.#lines.map(({ path }) => path),
    );
    this.#boxes.clear();
    const columns = snapshot.columns.map((column, side) => {
      const all = column.length + snapshot.left_out[side]!;
      const head = el("div", { class: "nbt-lin-heading nbt-quiet", text: `${HEADS[side]} ${all ? count(all) : ""}`, style: { left: `${left(side, layout)}px`, width: `${layout.boxWidth}px` } });
      const list = el("div", { attributes: { role: "list", "aria-label": HEADS[side]! } }, ...column.map((box, place) => {
        const made = this.#box(box);
        made.style.setProperty("--lin-hue", hues[side]!);
        Object.assign(made.style, { left: `${left(side, layout)}px`, top: `${top(place)}px`, width: `${layout.boxWidth}px`, height: `${BOX_HEIGHT}px` });
        this.#boxes.set(box.key, made);
        return el("div", { attributes: { role: "listitem" } }, made);
      }));
      return [head, list];
    });
    const sheet = el("div", { class: "nbt-lin-sheet", style: { width: `${layout.width}px`, height: `${layout.height}px` } }, lines, ...columns.flat());
    this.element.replaceChildren(sheet);
    this.mark();
    if (hadFocus) this.focus();
  }

  /** Show which box is looked at, which runs are picked, and what belongs to the hovered one. */
  mark(): void {
    const about = this.#hovered ?? this.#view.looksAt;
    const near = about === null ? null : related(about, this.#view.snapshot.joined);
    for (const [key, box] of this.#boxes) {
      box.classList.toggle("nbt-far", near !== null && !near.has(key));
      box.setAttribute("aria-pressed", String(key === this.#view.looksAt));
      const run = box.dataset.run;
      box.classList.toggle("nbt-lin-picked", run !== undefined && this.#view.selection.has(run));
    }
    for (const { pair, path } of this.#lines) {
      const isNear = near !== null && near.has(pair[0]) && near.has(pair[1]);
      path.classList.toggle("nbt-near", isNear);
      path.classList.toggle("nbt-far", near !== null && !isNear);
    }
  }

  focus(): void {
    this.#boxes.get(this.#at)?.focus({ preventScroll: true });
  }

  #box(box: Box): HTMLElement {
    const made = button(
      "",
      {
        class: "nbt-lin-box",
        title: box.told,
        attributes: {
          tabindex: box.key === this.#at ? 0 : -1,
          "aria-label": box.told,
          "data-key": box.key,
          "data-run": box.run_id ?? undefined,
        },
      },
      () => void this.#view.look(box.key),
    );
    made.append(el("b", { text: box.title }), el("span", { class: "nbt-quiet", text: box.below }));
    made.addEventListener("pointerenter", () => this.#hover(box.key));
    made.addEventListener("pointerleave", () => this.#hover(null));
    made.addEventListener("focus", () => {
      this.#boxes.get(this.#at)?.setAttribute("tabindex", "-1");
      this.#at = box.key;
      made.setAttribute("tabindex", "0");
    });
    return made;
  }

  #hover(key: string | null): void {
    this.#hovered = key;
    this.mark();
  }

  #press(event: KeyboardEvent): void {
    const { columns, joined } = this.#view.snapshot;
    const side = columns.findIndex((column) => column.some(({ key }) => key === this.#at));
    if (side < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const column = columns[side]!;
    const place = column.findIndex(({ key }) => key === this.#at);
    let to: string | undefined;
    switch (event.key) {
      case "ArrowDown":
        to = column[place + 1]?.key;
        break;
      case "ArrowUp":
        to = column[place - 1]?.key;
        break;
      case "Home":
        to = column[0]?.key;
        break;
      case "End":
        to = column.at(-1)?.key;
        break;
      case "ArrowLeft":
      case "ArrowRight":
        to = beside(this.#at, joined, event.key === "ArrowLeft" ? "left" : "right").find((key) => this.#boxes.has(key));
        break;
      case "Escape":
        this.#view.leave();
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
    const box = to === undefined ? undefined : this.#boxes.get(to);
    box?.focus();
  }
}
