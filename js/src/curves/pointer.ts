/** What the pointer and the keys do in a panel: they point at a run's point, pick it, and zoom along x. */

import { el } from "../base/dom.ts";
import { duration, fullNumber, moment, shortNumber } from "../base/format.ts";
import { valueText } from "../base/ticks.ts";
import { titleOf, type Grid } from "./grid.ts";
import { firstFrom } from "./lines.ts";
import type { Panel } from "./panel.ts";
import type { CurvesView, Pointed } from "./view.ts";

const [OFF_PX, DRAG_PX] = [14, 4];
const FAR = 10;
const CLOSER = 0.5;

export class Pointer {
  #view: CurvesView;
  #grid: () => Grid;
  #tip = el("div", { class: "nbt-cur-tip", attributes: { role: "tooltip" } });
  /** For those who do not see the tip. */
  #said = el("div", { class: "nbt-cur-said", attributes: { "aria-live": "polite" } });
  #due = 0;

  constructor(view: CurvesView, grid: () => Grid, root: HTMLElement, signal: AbortSignal) {
    this.#view = view;
    this.#grid = grid;
    this.#tip.hidden = true;
    root.append(this.#tip, this.#said);
    view.on("hover", () => (this.#tip.hidden = !view.pointed));
    // A point moves when curves grow or panels change.
    for (const change of ["state", "look"] as const) view.on(change, () => (this.#tip.hidden ||= !view.pointed));
    signal.addEventListener("abort", () => cancelAnimationFrame(this.#due));
  }

  listen(panel: Panel): void {
    const { area } = panel;
    const at = (event: MouseEvent): [number, number] => {
      const box = area.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const box = el("div", { class: "nbt-cur-zoom" });
    box.hidden = true;
    area.append(box);
    let from: number | null = null;
    let isDragged = false;
    area.addEventListener("pointerdown", (event) => {
      const x = at(event)[0];
      if (event.button !== 0 || !panel.plot || x < panel.plot.left - 4) return;
      [from, isDragged] = [x, false];
      area.setPointerCapture(event.pointerId);
    });
    area.addEventListener("pointermove", (event) => {
      const [x, y] = at(event);
      if (from !== null && panel.plot) {
        isDragged ||= Math.abs(x - from) > DRAG_PX;
        if (!isDragged) return;
        const [left, right] = ends(panel, from, x);
        box.hidden = false;
        Object.assign(box.style, { left: `${left}px`, width: `${right - left}px`, top: `${panel.plot.top}px` });
        box.style.height = `${panel.plot.bottom - panel.plot.top}px`;
        if (this.#view.pointed) this.#view.point(null);
        return;
      }
      cancelAnimationFrame(this.#due);
      this.#due = requestAnimationFrame(() => this.#pointAt(panel, panel.nearest(x, y), event.clientX, event.clientY));
    });
    const drop = () => {
      from = null;
      box.hidden = true;
    };
    area.addEventListener("pointerup", (event) => {
      if (from === null) return;
      const [x, y] = at(event);
      if (isDragged && panel.plot) this.#zoom(panel, ends(panel, from, x));
      else this.#click(panel, x, y, event);
      drop();
    });
    area.addEventListener("pointercancel", drop);
    area.addEventListener("pointerleave", () => {
      cancelAnimationFrame(this.#due);
      if (this.#view.lit.size) this.#view.point(null);
    });
    area.addEventListener("dblclick", () => this.#view.zoom(panel.metric, null));
    area.addEventListener("keydown", (event) => this.#press(panel, event) && event.preventDefault());
    area.addEventListener("blur", () => this.#view.pointed && this.#view.point(null));
  }

  #pointAt(panel: Panel, pointed: Pointed | null, clientX: number, clientY: number): void {
    const { pointed: was } = this.#view;
    if (!pointed && !was) return;
    if (!was || !pointed || was.run !== pointed.run || was.at !== pointed.at || was.metric !== pointed.metric) {
      this.#view.point(pointed);
      if (pointed) this.#describe(panel, pointed);
    }
    if (pointed) this.#place(clientX, clientY);
  }

  #click(panel: Panel, x: number, y: number, event: MouseEvent): void {
    const also = event.ctrlKey || event.metaKey || event.shiftKey;
    const pointed = panel.nearest(x, y);
    if (pointed) this.#view.choose([pointed.run], also);
    else if (this.#view.selection.size && !also) this.#view.selectNone();
  }

  #zoom(panel: Panel, [left, right]: [number, number]): void {
    const { plot } = panel;
    if (!plot) return;
    const value = (x: number) => plot.xs.valueAt((x - plot.left) / (plot.right - plot.left));
    this.#view.zoom(panel.metric, [value(left), value(right)]);
  }

  /** Whether a key was for the panel. */
  #press(panel: Panel, event: KeyboardEvent): boolean {
    const { plot, metric } = panel;
    const view = this.#view;
    const pointed = view.pointed?.metric === metric ? view.pointed : null;
    switch (event.key) {
      case "ArrowLeft":
      case "ArrowRight":
        this.#step(panel, pointed, (event.key === "ArrowRight" ? 1 : -1) * (event.shiftKey ? FAR : 1));
        return true;
      case "ArrowUp":
      case "ArrowDown":
        this.#show(panel, pointed ? panel.neighbour(pointed, event.key === "ArrowUp" ? 1 : -1) : this.#first(panel));
        return true;
      case "Enter":
      case " ":
        if (pointed) view.choose([pointed.run], event.ctrlKey || event.metaKey || event.shiftKey);
        return true;
      case "+":
      case "=":
      case "-": {
        if (!plot) return true;
        const middle = pointed ? plot.xs.place(view.linesOf(metric).get(pointed.run)!.x[pointed.at]!) : 0.5;
        const half = event.key === "-" ? 1 / CLOSER / 2 : CLOSER / 2;
        const zoomed = view.ranges[metric] !== undefined;
        if (event.key === "-" && !zoomed) return true;
        view.zoom(metric, [plot.xs.valueAt(middle - half), plot.xs.valueAt(middle + half)]);
        return true;
      }
      case "0":
        view.zoom(metric, null);
        return true;
      case "l":
        view.toggleLogY(metric);
        return true;
      case "Escape":
        if (pointed) view.point(null);
        else if (view.ranges[metric]) view.zoom(metric, null);
        else if (view.selection.size) view.selectNone();
        return true;
    }
    return false;
  }

  #first(panel: Panel): Pointed | null {
    const { plot, metric } = panel;
    if (!plot) return null;
    const picked = new Set(this.#view.picked() ?? []);
    const lines = [...this.#view.linesOf(metric).values()];
    const line = lines.find(({ run }) => picked.has(run)) ?? lines[0];
    return line ? { metric, run: line.run, at: Math.min(firstFrom(line.x, plot.xs.low), line.x.length - 1) } : null;
  }

  #step(panel: Panel, pointed: Pointed | null, by: number): void {
    const from = pointed ?? this.#first(panel);
    if (!from) return;
    const { length } = this.#view.linesOf(panel.metric).get(from.run)!.x;
    this.#show(panel, pointed ? { ...from, at: Math.max(0, Math.min(length - 1, from.at + by)) } : from);
  }

  /** Point at what keys have led to. */
  #show(panel: Panel, pointed: Pointed | null): void {
    const { plot } = panel;
    if (!pointed || !plot) return;
    this.#view.point(pointed);
    this.#describe(panel, pointed);
    const box = panel.area.getBoundingClientRect();
    const x = this.#view.linesOf(panel.metric).get(pointed.run)!.x[pointed.at]!;
    this.#place(box.left + plot.left + plot.xs.place(x) * (plot.right - plot.left), box.top + plot.top);
  }

  #describe(panel: Panel, { metric, run, at }: Pointed): void {
    const view = this.#view;
    const line = view.linesOf(metric).get(run);
    if (!line) return;
    const rows: [string, string][] = [[titleOf(metric), fullNumber(line.value[at]!)]];
    if (view.smoothing) {
      const smooth = view.smoothOf(line);
      const mean = smooth.value[Math.min(firstFrom(smooth.x, line.x[at]!), smooth.x.length - 1)];
      if (mean !== undefined) rows.push(["smoothed", shortNumber(mean)]);
    }
    rows.push(["step", shortNumber(line.step[at]!)]);
    if (view.x === "time") rows.push(["time", moment(line.x[at]!)]);
    if (view.x === "relative") rows.push(["since it began", duration(line.x[at]!)]);
    const { paint } = view;
    if (paint && view.colors && !view.special?.[run]) {
      const value = view.colors[run]!;
      const text = paint.kind === "category" ? (paint.labels[value] ?? "") : valueText(value, paint.kind);
      rows.push([paint.name.slice(paint.name.indexOf(".") + 1), text]);
    }
    const swatch = el("span", { class: "nbt-cur-swatch", style: { background: panel.colourOf(run) } });
    this.#tip.replaceChildren(
      el("div", { class: "nbt-cur-tip-name" }, swatch, el("b", { text: view.nameOf(run) })),
      ...rows.map(([key, text]) =>
        el("div", { class: "nbt-pair" }, el("span", { class: "nbt-key", text: key }), el("span", { class: "nbt-value", text })),
      ),
    );
    if (document.activeElement === panel.area) {
      this.#said.textContent = `${view.nameOf(run)}: ${rows.map(([key, text]) => `${key} ${text}`).join(", ")}`;
    }
  }

  #place(clientX: number, clientY: number): void {
    const host = this.#tip.offsetParent?.getBoundingClientRect() ?? this.#grid().element.getBoundingClientRect();
    this.#tip.hidden = false;
    const [width, height] = [this.#tip.offsetWidth, this.#tip.offsetHeight];
    const [x, y] = [clientX - host.left, clientY - host.top];
    const left = x + OFF_PX + width < host.width ? x + OFF_PX : Math.max(0, x - OFF_PX - width);
    const top = Math.max(0, Math.min(y + OFF_PX, host.height - height));
    Object.assign(this.#tip.style, { left: `${left}px`, top: `${top}px` });
  }
}

/** The stretch between two places, within the plot. */
function ends(panel: Panel, a: number, b: number): [number, number] {
  const { left, right } = panel.plot!;
  const inside = (x: number) => Math.max(left, Math.min(right, x));
  return [Math.min(inside(a), inside(b)), Math.max(inside(a), inside(b))];
}
