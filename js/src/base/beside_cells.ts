/**
 * A way into the kernel that does not wait for the cell that runs, where there is one.
 *
 * A widget's own comm is served by the kernel's main thread. JupyterLab gives a comm that
 * the page opens a subshell of its own (ipykernel 7.1 and newer): what the page says goes
 * there, and the answers come the usual way. Other hosts have no such comm, and older
 * kernels no subshell: then all waits until the cell is done.
 */

import type { AnyModel } from "./anywidget.ts";
import { quietly } from "./quietly.ts";

const TARGET = "nbtrack.beside_cells";

/** The part of JupyterLab's interface that is used here. */
interface Comm {
  open(data: unknown): unknown;
  send(data: unknown): unknown;
  close(): unknown;
  readonly isDisposed: boolean;
}

interface Kernel {
  createComm(target: string): Comm;
}

/** `model`, but that what is sent to it does not wait. The kernel knows it by its trait `_beside`. */
export function besideCells(model: AnyModel, signal: AbortSignal): AnyModel {
  const comm = open(model);
  signal.addEventListener("abort", () => {
    // After what is still to be said: that the view is closed.
    if (comm) setTimeout(() => quietly(() => comm.close()));
  });
  return {
    get: (name) => model.get(name),
    set: (name, value) => model.set(name, value),
    save_changes: () => model.save_changes(),
    on: (event, callback) => model.on(event, callback),
    off: (event, callback) => model.off(event, callback),
    send: (content) => {
      if (!comm || comm.isDisposed || !quietly(() => comm.send(content))) model.send(content);
    },
    ...(model.widget_manager && { widget_manager: model.widget_manager }),
  };
}

function open(model: AnyModel): Comm | null {
  const kernel = (model.widget_manager as { kernel?: Kernel | null } | undefined)?.kernel;
  let comm: Comm | null = null;
  quietly(() => {
    comm = kernel?.createComm?.(TARGET) ?? null;
    comm?.open({ widget: model.get("_beside") });
  });
  return comm;
}
