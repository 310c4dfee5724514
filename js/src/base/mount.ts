/** A widget's place on the page: its root element, for as long as its view lives. */

import type { AnyModel, RenderContext } from "./anywidget.ts";
import { el } from "./dom.ts";
import { watchKernel } from "./kernel_gone.ts";
import { keepLastSeen } from "./last_seen.ts";

/** Below this width of a widget, what stood side by side stands one above the other. */
const NARROW = 820;

/** anywidget's `render` for a widget that `build` puts into its root until `signal` aborts. */
export function mount(
  build: (model: AnyModel, root: HTMLElement, signal: AbortSignal) => void,
): (context: RenderContext) => () => void {
  return ({ model, el: host }) => {
    // What the page's profiler, and nbtrack's benchmarks, count from.
    performance.mark("nbtrack:data");
    const over = new AbortController();
    const root = el("div", { class: "nbt" });
    keepKeys(root, over.signal);
    const width = new ResizeObserver(() => root.classList.toggle("nbt-narrow", root.clientWidth < NARROW));
    width.observe(root);
    build(model, root, over.signal);
    // In a row of widgets it takes what room it gets, not what its picture had before.
    host.style.minWidth = "0";
    host.append(root);
    watchKernel(model, root, over.signal);
    keepLastSeen(model, root, over.signal);
    return () => {
      over.abort();
      width.disconnect();
      root.remove();
    };
  };
}

/** JupyterLab would take keys for commands of the notebook: "d d" deletes a cell. */
function keepKeys(root: HTMLElement, signal: AbortSignal): void {
  root.addEventListener(
    "focusin",
    // It looks for this on the focused element itself before it looks further up.
    (event) => (event.target as Element).setAttribute("data-lm-suppress-shortcuts", "true"),
    { signal },
  );
}
