/** A comparison as the browser knows it: what the kernel said, and what is unfolded. */

import type { AnyModel } from "../base/anywidget.ts";
import { curvesByKey, type CurvesByKey } from "../base/curves.ts";
import { StoredView } from "../base/stored.ts";
import type { Answer, Head, Intent, Snapshot } from "./protocol.ts";

export class CompareView extends StoredView<Snapshot, Intent, Answer> {
  /** The groups whose rows that are the same are shown too, and those of which all rows are. */
  readonly unfolded = new Set<string>();
  /** Only rows with this in their name are shown. */
  sought = "";
  /** The run whose code is held against the baseline's. */
  #codeOf: string | null = null;
  #curves: { of: DataView; curves: CurvesByKey } | null = null;
  #pictures = new Map<string, Blob>();
  #asked = new Set<string>();

  constructor(model: AnyModel, signal: AbortSignal) {
    super(model, signal);
    this.on("state", () => this.#fetchFigures());
    this.#fetchFigures();
  }

  get runs(): Head[] {
    return this.snapshot.runs;
  }

  get curves(): CurvesByKey {
    const { curves } = this.snapshot;
    if (this.#curves?.of !== curves) this.#curves = { of: curves, curves: curvesByKey(curves) };
    return this.#curves.curves;
  }

  /** The place of the run whose code is shown; the second run's until another is chosen. */
  get codeOf(): number {
    return Math.max(1, this.runs.findIndex((run) => run.run_id === this.#codeOf));
  }

  showCodeOf(place: number): void {
    this.#codeOf = this.runs[place]?.run_id ?? null;
    this.announce("state");
  }

  picture(digest: string): Blob | undefined {
    return this.#pictures.get(digest);
  }

  seek(text: string): void {
    this.sought = text;
    this.announce("state");
  }

  toggle(fold: string): void {
    if (!this.unfolded.delete(fold)) this.unfolded.add(fold);
    this.announce("state");
  }

  // Which runs

  compare(runs: string[]): void {
    void this.ask({ kind: "runs", runs });
  }

  /** Let the run stand at `place`; the first is the baseline. */
  move(run: string, place: number): void {
    const others = this.runs.map(({ run_id }) => run_id).filter((other) => other !== run);
    this.compare([...others.slice(0, place), run, ...others.slice(place)]);
  }

  remove(run: string): void {
    this.compare(this.runs.map(({ run_id }) => run_id).filter((other) => other !== run));
  }

  swap(): void {
    this.compare(this.runs.map(({ run_id }) => run_id).reverse());
  }

  async #fetchFigures(): Promise<void> {
    const wanted = this.snapshot.figures
      .flatMap((figure) => figure.digests)
      .filter((digest): digest is string => digest !== null && !this.#asked.has(digest));
    if (!wanted.length) return;
    for (const digest of wanted) this.#asked.add(digest);
    const answer = await this.ask({ kind: "figures", digests: [...new Set(wanted)] });
    if (answer?.kind !== "figures") {
      // Another question overtook this one: its runs may be asked for again.
      for (const digest of wanted) this.#asked.delete(digest);
      return;
    }
    answer.digests.forEach((digest, i) => {
      const bytes = answer.buffers[i] as DataView<ArrayBuffer>;
      this.#pictures.set(digest, new Blob([bytes], { type: answer.media_types[i] ?? "" }));
    });
    this.announce("state");
  }
}
