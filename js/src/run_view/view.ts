/** One run as the browser knows it: what the kernel said, which tab is open, which folds are. */

import type { FilesAnswer, FilesHost, FilesIntent } from "../artifacts/protocol.ts";
import type { AnyModel } from "../base/anywidget.ts";
import { besideCells } from "../base/beside_cells.ts";
import type { Reply } from "../base/channel.ts";
import { curvesByKey, type Curve } from "../base/curves.ts";
import type { KeptFile, RunJson } from "../base/run.ts";
import { StoredView, type CommonAnswer } from "../base/stored.ts";
import type { More, Snapshot } from "./protocol.ts";

export class RunView extends StoredView<Snapshot, FilesIntent, FilesAnswer> implements FilesHost {
  /** Folds that the user has opened or closed, by title. */
  readonly folds = new Map<string, boolean>();
  #curves: { of: DataView; curves: Map<string, Curve> } | null = null;

  constructor(model: AnyModel, signal: AbortSignal) {
    super(besideCells(model, signal), signal);
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

  get files(): readonly KeptFile[] {
    return this.run.files;
  }

  get filesLeftOut(): number {
    return this.run.files_left_out;
  }

  askFiles(intent: FilesIntent): Promise<Reply<FilesAnswer | CommonAnswer> | null> {
    return this.ask(intent);
  }
}
