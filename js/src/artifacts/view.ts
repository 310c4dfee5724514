/** The files of a run as the browser knows them. */

import type { AnyModel } from "../base/anywidget.ts";
import { besideCells } from "../base/beside_cells.ts";
import type { Reply } from "../base/channel.ts";
import type { KeptFile } from "../base/run.ts";
import { StoredView, type CommonAnswer } from "../base/stored.ts";
import type { FilesAnswer, FilesHost, FilesIntent } from "./protocol.ts";

export interface Snapshot {
  run: { run_id: string; name: string; experiment: string };
  files: KeptFile[];
  files_left_out: number;
  store: string;
}

export class ArtifactsView extends StoredView<Snapshot, FilesIntent, FilesAnswer> implements FilesHost {
  constructor(model: AnyModel, signal: AbortSignal) {
    super(besideCells(model, signal), signal);
  }

  get files(): readonly KeptFile[] {
    return this.snapshot.files;
  }

  get filesLeftOut(): number {
    return this.snapshot.files_left_out;
  }

  /** The file that is open, as the kernel or another view of this widget has it. */
  get opened(): string | null {
    return this.model.get<string | null>("_opened");
  }

  onOpened(listener: () => void): void {
    this.hear({ "change:_opened": listener });
  }

  askFiles(intent: FilesIntent): Promise<Reply<FilesAnswer | CommonAnswer> | null> {
    return this.ask(intent);
  }
}
