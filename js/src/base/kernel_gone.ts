/** A widget whose kernel is gone keeps its last picture, and says so in its last line. */

import type { AnyModel } from "./anywidget.ts";

/** Dispatched on a widget's root by nbtrack's JupyterLab extension, which knows the kernel. */
export const GONE = "nbtrack:kernel-gone";

/** What front ends mark the views with whose models lost their kernel. */
const DISCONNECTED = ".jupyter-widgets-disconnected";

export function watchKernel(model: AnyModel, root: HTMLElement, signal: AbortSignal): void {
  // A kernel that comes back knows nothing of this widget: its cell makes another.
  const gone = () => root.classList.add("nbt-gone");
  const heard = () => root.closest(DISCONNECTED) && gone();
  root.addEventListener(GONE, gone, { signal });
  model.on("comm_live_update", heard);
  signal.addEventListener("abort", () => model.off("comm_live_update", heard));
  // The view is put into its place after it was made.
  requestAnimationFrame(heard);
}
