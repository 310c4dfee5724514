/**
 * Html in place of a widget whose model is gone, as the widget was last seen.
 *
 * An output that holds a widget view and no live model (the notebook was
 * reopened, the kernel restarted) is rendered by JupyterLab as "Error displaying
 * widget". Where the same output also carries html, that is shown instead, and
 * gives way to the widget should its model turn up. While the widget lives, it
 * says by an event what its html now is.
 */

import { KEEPS, PICTURE } from "../base/last_seen.ts";
import type { MimeModel, RenderMimeRegistry, Renderer } from "./jupyterlab";

const WIDGET_VIEW = "application/vnd.jupyter.widget-view+json";
const HTML = "text/html";

/**
 * Make every widget renderer that `rendermime` creates from now on fall back to html;
 * `made` gets each of them.
 */
export function fallBackToHtml(rendermime: RenderMimeRegistry, made: (renderer: Renderer) => void): void {
  const create = rendermime.createRenderer.bind(rendermime);
  rendermime.createRenderer = (mimeType) => {
    const renderer = create(mimeType);
    if (mimeType !== WIDGET_VIEW) return renderer;
    made(renderer);
    return withFallback(renderer, () => create(HTML));
  };
}

function withFallback(renderer: Renderer, createHtml: () => Renderer): Renderer {
  const renderWidget = renderer.renderModel.bind(renderer);
  let html: Renderer | undefined;
  let shown: MimeModel | undefined;
  let shownId: string | undefined;

  renderer.node.setAttribute(KEEPS, "");
  renderer.node.addEventListener(PICTURE, (event) => {
    const picture = (event as CustomEvent<string>).detail;
    if (!shown || shown.data[HTML] === picture) return;
    shown.setData({ data: { ...shown.data, [HTML]: picture }, metadata: shown.metadata });
  });

  // The widget manager calls this again when models arrive from a kernel, and the
  // output whenever its data is changed.
  renderer.renderModel = async (model: MimeModel) => {
    const isLive = hasView(renderer) && idOf(model) === shownId;
    [shown, shownId] = [model, idOf(model)];
    if (isLive) return;
    html?.dispose();
    html = undefined;
    await renderWidget(model);
    if (hasView(renderer) || shownId === "" || !(HTML in model.data)) return;
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

/** The model that an output shows; empty for one that was closed. */
function idOf(model: MimeModel): string | undefined {
  return (model.data[WIDGET_VIEW] as { model_id?: string } | undefined)?.model_id;
}
