/**
 * The html of an output as the picture was last seen, for whoever opens the notebook without a kernel.
 *
 * When a widget rests, the kernel draws its html anew, and the page is told of it by an
 * event. nbtrack's JupyterLab extension puts it into the output; where nobody listens,
 * the kernel is not asked, and the output keeps what was drawn when its cell ran.
 */

import type { AnyModel } from "./anywidget.ts";
import { quietly } from "./quietly.ts";

/** Bubbles from a widget's root; `detail` is the html. */
export const PICTURE = "nbtrack:picture";
/** On an element around the widget's root: somebody keeps what `PICTURE` brings. */
export const KEEPS = "data-nbtrack-keeps";

/** On an element around widgets that are parts of another one, whose html has theirs in it. */
export const GATHERS = "data-nbtrack-gathers";
/** Bubbles from a part: the picture of the whole is another. */
const PART_CHANGED = "nbtrack:part-changed";

const RESTS_AFTER_MS = 600;

/** Keep the html current from now on. */
export function keepLastSeen(model: AnyModel, root: HTMLElement, signal: AbortSignal): void {
  const prefix = `picture-${Math.random().toString(36).slice(2, 8)}`;
  let timer = 0;
  let number = 0;
  let waitsFor: string | null = null;
  let isOutdated = false;

  const ask = () => {
    const keeper = root.parentElement?.closest(`[${KEEPS}], [${GATHERS}]`);
    if (!keeper) return;
    if (keeper.hasAttribute(GATHERS)) return void keeper.dispatchEvent(new CustomEvent(PART_CHANGED, { bubbles: true }));
    // A busy kernel is asked once, for what it will know when it is free.
    if (waitsFor !== null) return void (isOutdated = true);
    isOutdated = false;
    waitsFor = `${prefix}-${number++}`;
    const id = waitsFor;
    if (!quietly(() => model.send({ kind: "picture", id }))) waitsFor = null;
  };
  const changed = () => {
    clearTimeout(timer);
    timer = window.setTimeout(ask, RESTS_AFTER_MS);
  };
  const receive = (message: { id?: string; html?: string }) => {
    if (waitsFor === null || message.id !== waitsFor) return;
    waitsFor = null;
    if (message.html !== undefined) {
      root.dispatchEvent(new CustomEvent(PICTURE, { bubbles: true, detail: message.html }));
    }
    if (isOutdated) changed();
  };
  // Whatever the kernel knows of the picture is in the model.
  model.on("change", changed);
  model.on("msg:custom", receive);
  root.addEventListener(PART_CHANGED, changed, { signal });
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    model.off("change", changed);
    model.off("msg:custom", receive);
  });
}
