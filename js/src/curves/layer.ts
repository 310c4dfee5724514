/**
 * A canvas that is drawn a few milliseconds per frame.
 *
 * What was there stays in sight until what follows is whole: curves that grow do not flicker.
 */

import { el } from "../base/dom.ts";

type Pen = CanvasRenderingContext2D;

export class Layer {
  readonly element = el("div", { class: "nbt-cur-layer", attributes: { "aria-hidden": true } });
  #front = el("canvas");
  #back = el("canvas");
  #work: Generator<void> | null = null;

  constructor() {
    this.element.append(this.#front, this.#back);
    this.#back.hidden = true;
  }

  /** What is in sight. */
  get canvas(): HTMLCanvasElement {
    return this.#front;
  }

  get isDone(): boolean {
    return this.#work === null;
  }

  /** Draw anew: `draw` yields after each part of it that is too small to be worth a look at the clock. */
  begin(width: number, height: number, draw: (pen: Pen) => Generator<void>): void {
    const ratio = devicePixelRatio || 1;
    const [columns, rows] = [Math.round(width * ratio), Math.round(height * ratio)];
    // One of another size cannot stay in sight.
    const isFirst = this.#front.width !== columns || this.#front.height !== rows;
    const canvas = isFirst ? this.#front : this.#back;
    Object.assign(canvas, { width: columns, height: rows });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    const pen = canvas.getContext("2d")!;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#work = draw(pen);
    this.#isBehind = !isFirst;
  }
  #isBehind = false;

  /** Go on until the time `until`; whether all is drawn. */
  proceed(until: number): boolean {
    while (this.#work) {
      if (this.#work.next().done) {
        this.#work = null;
        if (this.#isBehind) this.#swap();
      } else if (performance.now() > until) return false;
    }
    return true;
  }

  #swap(): void {
    [this.#front, this.#back] = [this.#back, this.#front];
    this.#front.hidden = false;
    this.#back.hidden = true;
  }
}
