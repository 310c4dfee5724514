/** What one takes hold of: each axis's title, which moves it, and the stretch beside it, which brushes. */

import { button, el } from "../base/dom.ts";
import { menu, openPopover, type MenuEntry } from "../base/popover.ts";
import { valueText } from "../base/ticks.ts";
import { codeOf, type Axis } from "./axis.ts";
import { HEIGHT, titleOf } from "./layout.ts";
import { hint } from "./marks.ts";
import type { Picture } from "./picture.ts";
import type { Brush } from "./protocol.ts";
import type { ParallelView } from "./view.ts";

const EDGE_PX = 6;
const CLICK_PX = 4;
const NEAR_PX = 12;
const STEP = 0.05;

export class Handles {
  #view: ParallelView;
  #picture: Picture;
  #root: HTMLElement;
  #layer = el("div", { class: "nbt-par-handles" });
  #handles = new Map<string, HTMLElement>();
  #dragging = false;

  constructor(view: ParallelView, picture: Picture, root: HTMLElement) {
    this.#view = view;
    this.#picture = picture;
    this.#root = root;
    picture.inner.append(this.#layer);
  }

  /** Put a handle at each axis; those that are there stay, and so does the focus. */
  lay(): void {
    const axes = this.#view.visible;
    const names = new Set(axes.map((axis) => axis.name));
    for (const [name, handle] of this.#handles) {
      if (names.has(name)) continue;
      handle.remove();
      this.#handles.delete(name);
    }
    for (const { name } of axes) {
      if (this.#handles.has(name)) continue;
      const handle = this.#handle(name);
      this.#handles.set(name, handle);
      this.#layer.append(handle);
    }
    axes.forEach((axis, i) => {
      const handle = this.#handles.get(axis.name)!;
      handle.style.left = `${this.#picture.frame.xs[i]}px`;
      handle.querySelector(".nbt-par-hint")!.textContent = hint(axis, this.#view.isInverted(axis.name));
    });
    this.#sort();
    this.describe();
  }

  /** Say what is brushed, for those who do not see it. */
  describe(): void {
    for (const axis of this.#view.visible) {
      const strip = this.#handles.get(axis.name)?.querySelector(".nbt-par-strip");
      const brush = this.#view.brushing.get(axis.name);
      strip?.setAttribute("aria-valuetext", brush ? brushText(axis, brush) : "not brushed");
    }
  }

  /** Let Tab find the axes in the order in which they are seen. */
  #sort(): void {
    // An element that is put elsewhere loses the pointer that drags it.
    if (this.#dragging) return;
    const wanted = this.#view.visible.map((axis) => this.#handles.get(axis.name)!);
    if (wanted.every((handle, i) => handle === this.#layer.children[i])) return;
    const focused = document.activeElement as HTMLElement | null;
    this.#layer.append(...wanted);
    if (focused && this.#layer.contains(focused)) focused.focus({ preventScroll: true });
  }

  #handle(name: string): HTMLElement {
    const title = button(titleOf(name), { class: "nbt-par-title", title: name }, () => this.#openMenu(name, title));
    title.setAttribute("aria-haspopup", "menu");
    const strip = el("div", {
      class: "nbt-par-strip",
      attributes: {
        role: "slider",
        tabindex: 0,
        "aria-orientation": "vertical",
        "aria-label": `${titleOf(name)}: brush with arrow keys`,
        "aria-valuenow": 0,
      },
      style: { height: `${HEIGHT - 44}px` },
    });
    this.#brushWith(strip, name);
    this.#dragWith(title, name);
    const handle = el(
      "div",
      { class: "nbt-par-handle", attributes: { "data-axis": name } },
      title,
      el("div", { class: "nbt-par-hint", attributes: { "aria-hidden": true } }),
      strip,
    );
    handle.addEventListener("keydown", (event) => this.#press(name, event));
    return handle;
  }

  // Titles

  #openMenu(name: string, anchor: HTMLElement): void {
    const view = this.#view;
    const axis = view.axes.get(name);
    if (!axis) return;
    const at = view.shown.indexOf(name);
    const entries: (MenuEntry | "line")[] = [
      { label: "Invert", checked: view.isInverted(name), run: () => view.invert(name) },
    ];
    if (!axis.isCategory && axis.head.low > 0) {
      const isLog = axis.scale === "log";
      entries.push({ label: "Logarithmic", checked: isLog, run: () => view.rescale(name, isLog ? "linear" : "log") });
    }
    entries.push({ label: "Colour by it", checked: view.color === name, run: () => view.colorBy(name) }, "line");
    if (at > 0) entries.push({ label: "Move left", hint: "Ctrl ←", run: () => view.move(name, at - 1) });
    if (at < view.shown.length - 1) entries.push({ label: "Move right", hint: "Ctrl →", run: () => view.move(name, at + 1) });
    entries.push({ label: "Hide", hint: "Del", run: () => view.hide(name) });
    if (view.brushing.get(name)) entries.push("line", { label: "Clear the brush", hint: "Esc", run: () => view.brush(name, []) });
    let close = () => {};
    close = openPopover(this.#root, anchor, titleOf(name), menu(entries, () => close()));
  }

  /** Sideways, a title takes its axis along; the others make room. */
  #dragWith(title: HTMLElement, name: string): void {
    let from: number | null = null;
    let moved = false;
    title.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      from = event.clientX;
      moved = false;
      title.setPointerCapture(event.pointerId);
    });
    title.addEventListener("pointermove", (event) => {
      if (from === null || (!moved && Math.abs(event.clientX - from) < CLICK_PX)) return;
      moved = this.#dragging = true;
      title.classList.add("nbt-par-dragged");
      const inner = this.#picture.inner.getBoundingClientRect();
      const x = event.clientX - inner.left;
      const others = this.#picture.frame.xs.filter((_, i) => this.#view.shown[i] !== name);
      this.#view.move(name, others.filter((other) => other < x).length);
    });
    const end = () => {
      from = null;
      this.#dragging = false;
      title.classList.remove("nbt-par-dragged");
      this.#sort();
    };
    title.addEventListener("pointerup", end);
    title.addEventListener("pointercancel", end);
    // The click that ends a drag is none.
    title.addEventListener("click", (event) => moved && event.stopImmediatePropagation(), { capture: true });
  }

  // Brushes

  #brushWith(strip: HTMLElement, name: string): void {
    strip.addEventListener("pointerdown", (event) => {
      const axis = this.#view.axes.get(name);
      if (event.button !== 0 || !axis) return;
      strip.setPointerCapture(event.pointerId);
      const start = this.#heightOf(event);
      const held = this.#heldAt(axis, start);
      let moved = false;
      const move = (event: PointerEvent) => {
        const y = this.#heightOf(event);
        moved ||= Math.abs(y - start) >= CLICK_PX;
        if (moved) this.#view.brush(name, held ? this.#shift(axis, held, y - start) : this.#span(axis, start, y));
      };
      const end = () => {
        strip.removeEventListener("pointermove", move);
        if (!moved) this.#click(axis, start);
        this.#view.settleBrushes();
      };
      strip.addEventListener("pointermove", move);
      strip.addEventListener("pointerup", end, { once: true });
      strip.addEventListener("pointercancel", end, { once: true });
    });
  }

  #heightOf(event: PointerEvent): number {
    return event.clientY - this.#picture.inner.getBoundingClientRect().top;
  }

  /** A click without a drag: a label or a mark joins the brush or leaves it; elsewhere the brush goes. */
  #click(axis: Axis, y: number): void {
    const { rows } = this.#picture.frame;
    const brush = this.#view.brushing.get(axis.name) ?? [];
    const code = axis.codes.find((code) => Math.abs((rows.get(code) ?? 0) - y) <= NEAR_PX);
    if (code !== undefined) {
      const mark = axis.brush(2, 2, [code])[0]!;
      return this.#view.brush(axis.name, toggled(brush, mark));
    }
    if (!axis.isCategory) return this.#view.brush(axis.name, []);
    const place = this.#placeAt(axis, y);
    const spacing = 1 / Math.max(1, axis.head.labels.length - 1);
    const label = axis.head.labels.find((_, value) => Math.abs(axis.placeOf(value) - place) <= Math.min(spacing / 2, 0.06));
    this.#view.brush(axis.name, label === undefined ? [] : toggled(brush, label));
  }

  /** The end of a brush, or all of it, that is under `y`; only of numbers, which have ends. */
  #heldAt(axis: Axis, y: number): Held | null {
    const brush = this.#view.brushing.get(axis.name);
    const stretch = brush && !axis.isCategory ? axis.stretches(brush)[0] : undefined;
    if (!brush || !stretch) return null;
    const [low, high] = stretch;
    const marks = brush.filter((each) => codeOf(each) > 0);
    const near = (place: number) => Math.abs(this.#yOf(axis, place) - y) <= EDGE_PX;
    if (near(high)) return { low, high, marks, moves: "high" };
    if (near(low)) return { low, high, marks, moves: "low" };
    const place = this.#placeAt(axis, y);
    return place > low && place < high ? { low, high, marks, moves: "both" } : null;
  }

  #shift(axis: Axis, held: Held, dy: number): Brush {
    const { top, bottom } = this.#picture.frame;
    const by = ((this.#view.isInverted(axis.name) ? 1 : -1) * dy) / (bottom - top);
    let { low, high } = held;
    if (held.moves === "both") {
      const within = Math.max(-low, Math.min(1 - high, by));
      [low, high] = [low + within, high + within];
    } else if (held.moves === "low") low += by;
    else high += by;
    return [...axis.brush(low, high, []), ...held.marks];
  }

  #span(axis: Axis, from: number, to: number): Brush {
    const [top, bottom] = from < to ? [from, to] : [to, from];
    const codes = axis.codes.filter((code) => {
      const row = this.#picture.frame.rows.get(code) ?? 0;
      return row >= top && row <= bottom;
    });
    return axis.brush(this.#placeAt(axis, from), this.#placeAt(axis, to), codes);
  }

  #placeAt(axis: Axis, y: number): number {
    const { top, bottom } = this.#picture.frame;
    const down = (y - top) / (bottom - top);
    return this.#view.isInverted(axis.name) ? down : 1 - down;
  }

  #yOf(axis: Axis, place: number): number {
    const { top, bottom } = this.#picture.frame;
    return top + (bottom - top) * (this.#view.isInverted(axis.name) ? place : 1 - place);
  }

  // Keys

  #press(name: string, event: KeyboardEvent): void {
    const view = this.#view;
    const at = view.shown.indexOf(name);
    const command = event.ctrlKey || event.metaKey;
    const onStrip = (event.target as Element).classList.contains("nbt-par-strip");
    const part = onStrip ? ".nbt-par-strip" : ".nbt-par-title";
    const vertical = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
    const sideways = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (vertical && onStrip) this.#brushByKey(name, vertical, event.shiftKey);
    else if (sideways && command) view.move(name, at + sideways);
    else if (sideways) this.#focus(view.shown[at + sideways] ?? name, part);
    else if (event.key === "Escape" && view.brushing.get(name)) view.brush(name, []);
    else if (event.key === "Escape" && view.selection.size) view.selectNone();
    else if (event.key === "Delete" || event.key === "Backspace") {
      const neighbour = view.shown[at + 1] ?? view.shown[at - 1];
      view.hide(name);
      if (neighbour) this.#focus(neighbour, part);
    } else if (event.key === "i") view.invert(name);
    else if (onStrip && (event.key === "Enter" || event.key === "m")) {
      const title = this.#handles.get(name)?.querySelector<HTMLElement>(".nbt-par-title");
      if (title) this.#openMenu(name, title);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Arrows move a brush, Shift and arrows its upper end; the first makes one at that end. */
  #brushByKey(name: string, direction: number, grow: boolean): void {
    const axis = this.#view.axes.get(name);
    if (!axis) return;
    const step = axis.isCategory ? 1 / Math.max(1, axis.head.labels.length - 1) : STEP;
    const up = this.#view.isInverted(name) ? -direction : direction;
    const brush = this.#view.brushing.get(name);
    const stretches = brush ? axis.stretches(brush) : [];
    const half = axis.isCategory ? step / 2 - 1e-6 : 0;
    if (!stretches.length) {
      const [low, high] = up > 0 ? [1 - (axis.isCategory ? 0 : step), 1] : [0, axis.isCategory ? 0 : step];
      return this.#view.brush(name, axis.brush(low - half, high + half, []));
    }
    const middle = axis.isCategory ? (stretch: [number, number]) => (stretch[0] + stretch[1]) / 2 : null;
    const lows = stretches.map((stretch) => middle?.(stretch) ?? stretch[0]);
    const highs = stretches.map((stretch) => middle?.(stretch) ?? stretch[1]);
    let [low, high] = [Math.min(...lows), Math.max(...highs)];
    if (grow) high = Math.max(low, Math.min(1, high + up * step));
    else {
      const by = Math.max(-low, Math.min(1 - high, up * step));
      [low, high] = [low + by, high + by];
    }
    this.#view.brush(name, axis.brush(low - half, high + half, []));
  }

  #focus(name: string, part: string): void {
    const target = this.#handles.get(name)?.querySelector<HTMLElement>(part);
    target?.focus({ preventScroll: true });
    target?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}

interface Held {
  low: number;
  high: number;
  marks: Brush;
  moves: "low" | "high" | "both";
}

function toggled(brush: Brush, mark: Brush[number]): Brush {
  return brush.includes(mark) ? brush.filter((each) => each !== mark) : [...brush, mark];
}

function brushText(axis: Axis, brush: Brush): string {
  const values = brush.filter((each) => codeOf(each) === 0);
  const marks = brush.filter((each) => codeOf(each) > 0).map((each) => (each === null ? "missing" : String(each)));
  if (axis.isCategory) return [...values, ...marks].join(", ");
  const stretch = values.length === 2 ? [values.map((each) => valueText(Number(each), axis.head.kind)).join(" to ")] : [];
  return [...stretch, ...marks].join(", ");
}
