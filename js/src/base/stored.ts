/** A view on runs of a store: it follows the kernel's snapshots, asks, and tells what went wrong. */

import type { AnyModel } from "./anywidget.ts";
import type { Reply } from "./channel.ts";
import { el } from "./dom.ts";
import { KernelView, type CommonChange } from "./kernel_view.ts";

/** What every widget's answers may be; a widget adds its own. */
export type CommonAnswer =
  | { kind: "done" }
  | { kind: "svg"; svg: string }
  | { kind: "csv"; csv: string }
  | { kind: "error"; about: string; message: string };

export type CommonIntent =
  | { kind: "svg"; theme: "light" | "dark" }
  | { kind: "csv" }
  | { kind: "select"; runs: string[] };

export class StoredView<Snapshot, Intent extends { kind: string }, Answer extends { kind: string }> extends KernelView<
  never,
  Intent | CommonIntent,
  Answer | CommonAnswer
> {
  snapshot: Snapshot;

  constructor(model: AnyModel, signal: AbortSignal) {
    super(model, signal);
    this.selection.on(() => this.announce("selection"), signal);
    this.snapshot = model.get<Snapshot>("_snapshot");
    this.hear({
      "change:_snapshot": () => {
        this.snapshot = model.get<Snapshot>("_snapshot");
        this.announce("state");
      },
    });
  }

  /** Pick these runs in every widget on the store, and no others. */
  pick(runs: string[]): void {
    this.selection.change(runs, this.ask({ kind: "select", runs }));
  }

  async svg(theme: "light" | "dark"): Promise<string | null> {
    const answer = await this.ask({ kind: "svg", theme });
    return answer?.kind === "svg" ? (answer as { svg: string }).svg : null;
  }

  async csv(): Promise<string | null> {
    const answer = await this.ask({ kind: "csv" });
    return answer?.kind === "csv" ? (answer as { csv: string }).csv : null;
  }

  /** The answer; `null` where a later question overtook this one, or the view is gone. */
  override async ask(intent: Intent | CommonIntent): Promise<Reply<Answer | CommonAnswer> | null> {
    const answer = await super.ask(intent);
    if (!answer || this.signal.aborted) return null;
    if (answer.kind !== "error") this.setError(null);
    return answer;
  }
}

/** A view as the lines above and below its picture know it. */
interface Telling {
  readonly error: string | null;
  readonly trouble: string;
  readonly busy: boolean;
  on(change: CommonChange, listener: () => void): void;
}

/** What is said of mistakes, above the picture. */
export function problemLine(view: Telling): HTMLElement {
  const line = el("div", { class: "nbt-problem", attributes: { role: "alert" } });
  const say = () => {
    line.textContent = view.error ?? "";
    line.hidden = !view.error;
  };
  view.on("error", say);
  say();
  return line;
}

/** The line below: where the runs are, and whether they are as the store has them. */
export function storeLine(view: Telling & { snapshot: { store: string } }): HTMLElement {
  const foot = el("div", { class: "nbt-foot nbt-quiet", attributes: { role: "status" } });
  const say = () => {
    const { store } = view.snapshot;
    foot.replaceChildren(
      el("span", { text: store, title: store }),
      el("span", { class: "nbt-trouble", text: view.trouble, title: view.trouble }),
      el("span", { class: "nbt-lost", text: "The kernel that drew this is gone; run the cell again to go on from here." }),
      el("span", {
        class: "nbt-busy",
        text: view.busy ? "The kernel is busy; what you asked for comes when its cell is done." : "",
      }),
    );
  };
  view.on("state", say);
  view.on("busy", say);
  say();
  return foot;
}
