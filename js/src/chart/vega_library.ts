/**
 * Vega, once per page however many charts and kernels are on it.
 *
 * The kernel holds it, zipped, in a model of its own (`widgets/chart/vega.py`): so it
 * is there before the first view opens, also while a cell runs, and needs no network.
 */

import type { AnyModel } from "../base/anywidget.ts";

export type Vega = typeof import("../vega/index.ts");

const PLACE = Symbol.for("nbtrack.vega");

/** The build that the model of a chart names. */
export function vegaOf(model: AnyModel): Promise<Vega> {
  const build = model.get<string>("_vega_build");
  const all = builds();
  let vega = all.get(build);
  if (!vega) {
    vega = load(model);
    all.set(build, vega);
    // Another chart may try again.
    vega.catch(() => all.delete(build));
  }
  return vega;
}

async function load(model: AnyModel): Promise<Vega> {
  const library = await model.widget_manager?.get_model(model.get<string>("_vega"));
  if (!library) throw new Error("This page cannot find other models, where Vega is kept.");
  const zipped = library.get<DataView>("source");
  const plain = new Blob([zipped as BlobPart]).stream().pipeThrough(new DecompressionStream("gzip"));
  const source = new Blob([await new Response(plain).arrayBuffer()], { type: "text/javascript" });
  const url = URL.createObjectURL(source);
  try {
    return (await import(url)) as Vega;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Other versions of nbtrack may be on the page. */
function builds(): Map<string, Promise<Vega>> {
  const page = globalThis as { [PLACE]?: Map<string, Promise<Vega>> };
  return (page[PLACE] ??= new Map());
}
