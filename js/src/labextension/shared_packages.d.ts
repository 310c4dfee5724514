declare module "@jupyterlab/notebook" {
  /** The token under which JupyterLab provides its notebook tracker. */
  export const INotebookTracker: object;
}
