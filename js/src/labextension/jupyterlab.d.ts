/**
 * The little of JupyterLab's interfaces that the extension touches. The packages
 * themselves come from the running JupyterLab; installing them for their types
 * alone would cost half a gigabyte.
 */

export interface MimeModel {
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly trusted: boolean;
  /** Changes the output in the notebook, which renders it again. */
  setData(options: { data: Record<string, unknown>; metadata: Readonly<Record<string, unknown>> }): void;
}

export interface Widget {
  readonly node: HTMLElement;
  readonly isDisposed: boolean;
  dispose(): void;
}

export interface Renderer extends Widget {
  /** Panels list what they show; renderers of plain html have no such list. */
  readonly widgets?: readonly Widget[];
  renderModel(model: MimeModel): Promise<void>;
}

export interface RenderMimeRegistry {
  createRenderer(mimeType: string): Renderer;
}

export interface SessionContext {
  readonly statusChanged: Signal<unknown, string>;
  readonly kernelChanged: Signal<unknown, { readonly oldValue: object | null }>;
}

export interface NotebookPanel {
  readonly content: { readonly rendermime: RenderMimeRegistry };
  readonly sessionContext: SessionContext;
}

export interface Signal<Sender, Args> {
  connect(slot: (sender: Sender, args: Args) => void): boolean;
}

export interface NotebookTracker {
  readonly widgetAdded: Signal<unknown, NotebookPanel>;
  forEach(visit: (panel: NotebookPanel) => void): void;
}

export type JupyterFrontEnd = object;
