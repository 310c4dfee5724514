/**
 * Html in place of a widget whose model is gone.
 *
 * An output that holds a widget view and no live model (the notebook was
 * reopened, the kernel restarted) is rendered by JupyterLab as "Error displaying
 * widget". Where the same output also carries html, that is shown instead, and
 * gives way to the widget should its model turn up.
 */

import type { MimeModel, RenderMimeRegistry, Renderer } from "./jupyterlab";

const WIDGET_VIEW = "application/vnd.jupyter.widget-view+json";
const HTML = "text/html";

/** Make every widget renderer that `rendermime` creates from now on fall back to html. */
export function fallBackToHtml(rendermime: RenderMimeRegistry): void {
  const create = rendermime.createRenderer.bind(rendermime);
  rendermime.createRenderer = (mimeType) => {
    const renderer = create(mimeType);
    return mimeType === WIDGET_VIEW ? withFallback(renderer, () => create(HTML)) : renderer;
  };
}

function withFallback(renderer: Renderer, createHtml: () => Renderer): Renderer {
  const renderWidget = renderer.renderModel.bind(renderer);
  let html: Renderer | undefined;

  // The widget manager calls this again when models arrive from a kernel.
  renderer.renderModel = async (model: MimeModel) => {
    html?.dispose();
    html = undefined;
    await renderWidget(model);
    if (hasView(renderer) || wasClosed(model) || !(HTML in model.data)) return;
    html = createHtml();
    await html.renderModel(model);
    renderer.node.replaceChildren(html.node);
    renderer.node.classList.remove("jupyter-widgets");
  };
  return renderer;
}

function hasView(renderer: Renderer): boolean {
  return (renderer.widgets?.length ?? 0) > 0;
}

function wasClosed(model: MimeModel): boolean {
  const view = model.data[WIDGET_VIEW] as { model_id?: string } | undefined;
  return view?.model_id === "";
}
