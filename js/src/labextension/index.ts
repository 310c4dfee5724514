/** The JupyterLab extension: outputs that outlive their kernel. */

import { INotebookTracker } from "@jupyterlab/notebook";
import type { JupyterFrontEnd, NotebookPanel, NotebookTracker } from "./jupyterlab";
import { fallBackToHtml } from "./widget_fallback.ts";

export default {
  id: "nbtrack:plugin",
  description: "Shows the html of an output whose widget has no model any more.",
  autoStart: true,
  requires: [INotebookTracker],
  activate(_app: JupyterFrontEnd, notebooks: NotebookTracker): void {
    const adopt = (panel: NotebookPanel) => fallBackToHtml(panel.content.rendermime);
    notebooks.forEach(adopt);
    notebooks.widgetAdded.connect((_sender, panel) => adopt(panel));
  },
};
