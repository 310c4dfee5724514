/** The JupyterLab extension: outputs that outlive their kernel. */

import { INotebookTracker } from "@jupyterlab/notebook";
import type { JupyterFrontEnd, NotebookPanel, NotebookTracker } from "./jupyterlab";
import { tellOfKernel } from "./kernel_gone.ts";
import { fallBackToHtml } from "./widget_fallback.ts";

export default {
  id: "nbtrack:plugin",
  description: "Keeps the html of widgets as they were last seen, and shows it where a widget has no model any more.",
  autoStart: true,
  requires: [INotebookTracker],
  activate(_app: JupyterFrontEnd, notebooks: NotebookTracker): void {
    const adopt = (panel: NotebookPanel) => fallBackToHtml(panel.content.rendermime, tellOfKernel(panel));
    notebooks.forEach(adopt);
    notebooks.widgetAdded.connect((_sender, panel) => adopt(panel));
  },
};
