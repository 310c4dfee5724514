/** Tells the widgets of a notebook when their kernel is gone, which JupyterLab does not always. */

import { GONE } from "../base/kernel_gone.ts";
import type { NotebookPanel, Renderer } from "./jupyterlab";

/** What a kernel is when it has forgotten its widgets, or is about to. */
const LOST = new Set(["terminating", "restarting", "autorestarting", "dead"]);

/** Takes each of the panel's widget renderers, and tells those that there are when the kernel goes. */
export function tellOfKernel({ sessionContext }: NotebookPanel): (renderer: Renderer) => void {
  const renderers = new Set<Renderer>();
  const tell = () => {
    for (const renderer of renderers) {
      if (renderer.isDisposed) renderers.delete(renderer);
      else renderer.node.querySelector(".nbt")?.dispatchEvent(new CustomEvent(GONE));
    }
  };
  sessionContext.statusChanged.connect((_sender, status) => {
    if (LOST.has(status)) tell();
  });
  sessionContext.kernelChanged.connect((_sender, { oldValue }) => {
    if (oldValue) tell();
  });
  return (renderer) => renderers.add(renderer);
}
