/** The panels, side by side where there is room, one above the other where there is not. */

import { button, el } from "../base/dom.ts";
import { lookOf, onTheme, sequential, type Look } from "../base/palette.ts";
import { menu, openPopover, type MenuEntry } from "../base/popover.ts";
import { Panel } from "./panel.ts";
import type { CurvesView } from "./view.ts";

const [MIN_WIDTH, GAP, HEAD] = [300, 16, 26];
const [HEIGHT, HEIGHT_ALONE] = [210, 320];
/** Milliseconds of drawing per frame: what is left of it is for whoever moves the pointer. */
const SHARE_MS = 12;

export class Grid {
  readonly element = el("div", { class: "nbt-cur-grid" });
  panels: Panel[] = [];
  look: Look;

  #view: CurvesView;
  #root: HTMLElement;
  #signal: AbortSignal;
  #listen: (panel: Panel) => void;
  #frame = 0;
  #wantsAnew = false;
  #width = 0;

  /** `listen` makes a new panel answer to pointer and keys. */
  constructor(view: CurvesView, root: HTMLElement, listen: (panel: Panel) => void, signal: AbortSignal) {
    this.#view = view;
    this.#root = root;
    this.#signal = signal;
    this.#listen = listen;
    this.look = lookOf(root);
    const size = new ResizeObserver(() => this.element.clientWidth !== this.#width && this.lay());
    size.observe(this.element);
    signal.addEventListener("abort", () => (size.disconnect(), cancelAnimationFrame(this.#frame)));
    onTheme(() => this.lay(), signal);
    view.on("state", () => this.#layWhenDone());
    view.on("look", () => this.lay());
    view.on("selection", () => this.#drawPicked());
    view.on("hover", () => this.panels.forEach((panel) => panel.drawMarks()));
  }

  panelOf(metric: string): Panel | undefined {
    return this.panels.find((panel) => panel.metric === metric);
  }

  /** Everything anew: curves, panels or the width have changed. */
  lay(): void {
    const width = this.element.clientWidth;
    if (!width || this.#signal.aborted) return;
    this.#width = width;
    this.#wantsAnew = false;
    this.look = lookOf(this.#root);
    this.#matchPanels();
    const count = this.panels.length;
    const most = Math.max(1, Math.floor((width + GAP) / (MIN_WIDTH + GAP)));
    // As many in each row as in the others.
    const columns = Math.ceil(count / Math.ceil(count / most)) || 1;
    this.element.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
    const own = (width - GAP * (columns - 1)) / columns;
    for (const panel of this.panels) panel.lay(own, count === 1 ? HEIGHT_ALONE : HEIGHT, this.look);
    this.element.dataset["state"] = "drawing";
    this.#proceed();
  }

  /** All panels on one canvas, as they are in sight, under what `legend` says. */
  composed(legend: HTMLElement): HTMLCanvasElement {
    const ratio = devicePixelRatio || 1;
    const canvas = el("canvas");
    const box = this.element.getBoundingClientRect();
    const above = legend.hidden ? null : legend.getBoundingClientRect();
    // All of it, also what has been scrolled away.
    const head = above ? legend.scrollHeight + GAP / 2 : 0;
    Object.assign(canvas, { width: Math.round(box.width * ratio), height: Math.round((head + box.height) * ratio) });
    const pen = canvas.getContext("2d")!;
    pen.fillStyle = this.look.page;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (above) this.#composeLegend(pen, legend, above);
    for (const panel of this.panels) {
      const at = panel.area.getBoundingClientRect();
      pen.setTransform(ratio, 0, 0, ratio, (at.left - box.left) * ratio, (at.top - box.top + head) * ratio);
      pen.font = "600 12px system-ui, sans-serif";
      pen.fillStyle = this.look.ink;
      pen.textAlign = "left";
      pen.textBaseline = "middle";
      pen.fillText(titleOf(panel.metric), 6, -HEAD / 2);
      panel.compose(pen);
    }
    return canvas;
  }

  #composeLegend(pen: CanvasRenderingContext2D, legend: HTMLElement, above: DOMRect): void {
    pen.font = "12px system-ui, sans-serif";
    pen.textBaseline = "middle";
    pen.lineWidth = 2.5;
    for (const part of legend.children) {
      const at = part.getBoundingClientRect();
      const [x, y] = [at.left - above.left, at.top - above.top + legend.scrollTop + at.height / 2];
      const line = part.querySelector("line");
      if (line) {
        pen.strokeStyle = line.getAttribute("stroke") ?? this.look.ink;
        pen.setLineDash((line.getAttribute("stroke-dasharray") ?? "").split(" ").filter(Boolean).map(Number));
        pen.beginPath();
        pen.moveTo(x + 7, y);
        pen.lineTo(x + 29, y);
        pen.stroke();
        pen.setLineDash([]);
      }
      if (part.classList.contains("nbt-cur-scale")) {
        const colours = pen.createLinearGradient(x, 0, x + at.width, 0);
        for (let i = 0; i <= 8; i++) colours.addColorStop(i / 8, sequential(i / 8, this.look));
        pen.fillStyle = colours;
        pen.fillRect(x, y - at.height / 2, at.width, at.height);
      }
      pen.fillStyle = line ? this.look.ink : this.look.quiet;
      pen.fillText(part.textContent ?? "", x + (line ? 35 : 4), y, at.width - (line ? 42 : 8));
    }
  }

  /** News that comes while one draws waits: what is drawn would else never be whole. */
  #layWhenDone(): void {
    if (this.panels.every((panel) => panel.isDone)) this.lay();
    else this.#wantsAnew = true;
  }

  #drawPicked(): void {
    for (const panel of this.panels) {
      panel.drawPicked();
      panel.drawMarks();
    }
    this.#proceed();
  }

  #proceed(): void {
    cancelAnimationFrame(this.#frame);
    const until = performance.now() + SHARE_MS;
    const isDone = this.panels.map((panel) => panel.proceed(until)).every((done) => done);
    if (!isDone) {
      this.#frame = requestAnimationFrame(() => this.#proceed());
    } else if (this.#wantsAnew) this.lay();
    else this.element.dataset["state"] = "drawn";
  }

  /** A panel for each metric; those that are there stay, and so does the focus. */
  #matchPanels(): void {
    const { metrics } = this.#view;
    if (metrics.join("\0") === this.panels.map((panel) => panel.metric).join("\0")) return;
    const old = new Map(this.panels.map((panel) => [panel.metric, panel]));
    this.panels = metrics.map((metric) => old.get(metric) ?? this.#make(metric));
    this.element.replaceChildren(...this.panels.map((panel) => panel.element));
  }

  #make(metric: string): Panel {
    const panel = new Panel(this.#view, metric, this.#head(metric), this.look);
    this.#listen(panel);
    return panel;
  }

  #head(metric: string): HTMLElement {
    const view = this.#view;
    const title = button(titleOf(metric), { class: "nbt-cur-title", title: titleOf(metric) }, () => {
      const entries: (MenuEntry | "line")[] = [
        { label: "Logarithmic axis", checked: view.isLogY(metric), run: () => view.toggleLogY(metric) },
        "line",
        { label: "Only this metric", run: () => view.show([metric]) },
        { label: "Hide", run: () => view.show(view.metrics.filter((other) => other !== metric)) },
      ];
      let close = () => {};
      close = openPopover(this.#root, title, titleOf(metric), menu(entries, () => close()));
    });
    const log = el("span", { class: "nbt-cur-hint nbt-quiet", text: "log" });
    const whole = button("Reset zoom", { class: "nbt-link nbt-cur-whole", title: "Show all of x again (double click, or 0)" }, () =>
      view.zoom(metric, null),
    );
    const say = () => {
      log.hidden = !view.isLogY(metric);
      whole.hidden = !view.ranges[metric];
    };
    view.on("look", say);
    view.on("state", say);
    say();
    return el("div", { class: "nbt-cur-head" }, title, log, whole);
  }
}

export function titleOf(metric: string): string {
  return metric.slice("metrics.".length);
}
