/** One run as the browser knows it: what the kernel said, which tab is open, which folds are. */

import type { AnyModel } from "../base/anywidget.ts";
import { curvesByKey, type Curve } from "../base/curves.ts";
import { download } from "../base/download.ts";
import type { Figure, RunJson } from "../base/run.ts";
import { StoredView } from "../base/stored.ts";
import type { Answer, Intent, More, Snapshot } from "./protocol.ts";

export class RunView extends StoredView<Snapshot, Intent, Answer> {
  /** Folds that the user has opened or closed, by title. */
  readonly folds = new Map<string, boolean>();
  figures: Figure[] = [];
  #curves: { of: DataView; curves: Map<string, Curve> } | null = null;
  #figuresOf = "";

  constructor(model: AnyModel, signal: AbortSignal) {
    super(model, signal);
    this.on("state", () => void this.#fetchFigures());
    void this.#fetchFigures();
  }

  get run(): RunJson {
    return this.snapshot.run;
  }

  get more(): More {
    return this.snapshot.more;
  }

  /** Curves by metric. */
  get curves(): Map<string, Curve> {
    const { curves, run } = this.snapshot;
    if (this.#curves?.of !== curves) {
      const found = new Map<string, Curve>();
      for (const [key, ofKey] of curvesByKey(curves)) {
        const curve = ofKey.get(run.run_id);
        if (curve) found.set(key, curve);
      }
      this.#curves = { of: curves, curves: found };
    }
    return this.#curves.curves;
  }

  text(role: string): { text: string; cut: boolean } | undefined {
    return this.run.texts.find((text) => text.role === role);
  }

  async saveFile(path: string): Promise<void> {
    const answer = await this.ask({ kind: "file", path });
    if (answer?.kind !== "file") return;
    const bytes = answer.buffers[0] as DataView<ArrayBuffer>;
    download(new Blob([bytes], { type: answer.media_type }), path.split("/").at(-1) ?? path);
  }

  async #fetchFigures(): Promise<void> {
    const drawn = this.run.files.filter((file) => file.is_drawn);
    const which = JSON.stringify(drawn);
    if (!drawn.length || which === this.#figuresOf) return;
    this.#figuresOf = which;
    const answer = await this.ask({ kind: "figures" });
    if (answer?.kind !== "figures") return;
    this.figures = answer.paths.map((path, i) => {
      const bytes = answer.buffers[i] as DataView<ArrayBuffer>;
      return { path, image: new Blob([bytes], { type: answer.media_types[i] ?? "" }) };
    });
    this.announce("state");
  }
}
