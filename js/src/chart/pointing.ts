/** The run that is pointed at, with the mouse or with the keys: its values beside it, a click picks it. */

import { el } from "../base/dom.ts";
import type { Dot, Listeners, Picture, Said } from "./picture.ts";
import type { ChartView } from "./view.ts";

const OFF_PX = 14;
/** A pointer that was moved farther than this has dragged, and its click is none. */
const CLICK_PX = 4;

/** Whether a click joins to what is picked, rather than taking its place. */
function joins(event: MouseEvent | KeyboardEvent): boolean {
  return event.ctrlKey || event.metaKey || event.shiftKey;
}

export class Pointing implements Listeners {
  #view: ChartView;
  #picture: Picture | null = null;
  #tip = el("div", { class: "nbt-chart-tip", attributes: { role: "tooltip" } });
  #ring = el("div", { class: "nbt-chart-ring", attributes: { "aria-hidden": true } });
  #spoken = el("div", { class: "nbt-chart-spoken", attributes: { "aria-live": "polite" } });
  /** The run that the keys have reached. */
  #run: string | null = null;
  #pressed: [number, number] = [0, 0];

  constructor(view: ChartView) {
    this.#view = view;
    this.#tip.hidden = this.#ring.hidden = true;
  }

  /** Listen to `picture`, whose element gets the focus. */
  attach(picture: Picture, signal: AbortSignal): void {
    this.#picture = picture;
    const { element } = picture;
    element.append(this.#ring, this.#tip, this.#spoken);
    element.tabIndex = 0;
    element.addEventListener("keydown", (event) => this.#press(event), { signal });
    element.addEventListener("blur", () => this.#leave(), { signal });
    element.addEventListener("pointerleave", () => (this.#tip.hidden = true), { signal });
    element.addEventListener("pointerdown", ({ x, y }) => (this.#pressed = [x, y]), { signal, capture: true });
    element.addEventListener("pointerup", () => this.#view.settleBrush(), { signal });
  }

  point(said: Said | null, event: MouseEvent): void {
    this.#tip.hidden = said === null || event.buttons > 0;
    if (this.#tip.hidden || !said) return;
    const box = this.#picture!.element.getBoundingClientRect();
    this.#fill(said);
    this.#place(event.clientX - box.left, event.clientY - box.top);
  }

  click(run: string | null, event: MouseEvent): void {
    const [x, y] = this.#pressed;
    if (Math.hypot(event.clientX - x, event.clientY - y) > CLICK_PX) return;
    if (run !== null) this.#pick(run, joins(event));
    else if (this.#view.selection.size && !joins(event)) this.#view.selectNone();
  }

  brush(runs: string[]): void {
    this.#view.brush(runs);
  }

  drawn(): void {
    this.#leave();
  }

  #pick(run: string, joined: boolean): void {
    if (!joined) return this.#view.pick([run]);
    const picked = new Set(this.#view.selection.runs);
    if (!picked.delete(run)) picked.add(run);
    this.#view.pick(picked);
  }

  #press(event: KeyboardEvent): void {
    if (event.target !== this.#picture!.element) return;
    const dots = this.#picture!.dots();
    if (!dots.length) return;
    const at = dots.findIndex(({ run }) => run === this.#run);
    const last = dots.length - 1;
    if (event.key === "ArrowRight" || event.key === "ArrowDown") this.#reach(dots[Math.min(at + 1, last)]!);
    else if (event.key === "ArrowLeft" || event.key === "ArrowUp") this.#reach(dots[at < 0 ? last : Math.max(at - 1, 0)]!);
    else if (event.key === "Home") this.#reach(dots[0]!);
    else if (event.key === "End") this.#reach(dots[last]!);
    else if ((event.key === "Enter" || event.key === " ") && at >= 0) this.#pick(this.#run!, joins(event));
    else if (event.key === "Escape" && (at >= 0 || this.#view.selection.size)) {
      if (at >= 0) this.#leave();
      else this.#view.selectNone();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #reach({ run, said, x, y }: Dot): void {
    this.#run = run;
    Object.assign(this.#ring.style, { left: `${x}px`, top: `${y}px` });
    this.#ring.hidden = this.#tip.hidden = false;
    this.#fill(said);
    this.#place(x, y);
    const isPicked = this.#view.selection.has(run);
    this.#spoken.textContent = [
      ...Object.entries(said).map(([key, value]) => `${key} ${value}`),
      ...(isPicked ? ["selected"] : []),
    ].join(", ");
  }

  #leave(): void {
    this.#run = null;
    this.#ring.hidden = this.#tip.hidden = true;
    this.#spoken.textContent = "";
  }

  #fill(said: Said): void {
    const { run, ...others } = said;
    this.#tip.replaceChildren(
      run === undefined ? "" : el("b", { text: run }),
      ...Object.entries(others).map(([key, value]) =>
        el("div", { class: "nbt-pair" }, el("span", { class: "nbt-quiet", text: key }), el("span", { text: value })),
      ),
    );
  }

  #place(x: number, y: number): void {
    const { element } = this.#picture!;
    const { offsetWidth: width, offsetHeight: height } = this.#tip;
    const left = x + OFF_PX + width < element.clientWidth ? x + OFF_PX : Math.max(0, x - OFF_PX - width);
    const top = Math.max(0, Math.min(y + OFF_PX, element.clientHeight - height));
    Object.assign(this.#tip.style, { left: `${left}px`, top: `${top}px` });
  }
}
