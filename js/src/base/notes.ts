/** What is said where there is nothing to draw, and below what is drawn. */

import { button, el } from "./dom.ts";
import type { Filtered } from "./filter_bar.ts";

/** A view that knows where its runs come from, and what keeps them from being current. */
export interface Placed extends Filtered {
  readonly state: Filtered["state"] & {
    /** Where the runs are: the experiment, or the store's folder. */
    place: string;
  };
  /** What keeps the kernel from reading the store; else empty. */
  readonly trouble: string;
  readonly busy: boolean;
  on(change: "state" | "error" | "selection" | "busy", listener: () => void): void;
}

/** Say in `place` why no run is drawn; `picture` is hidden where there is none at all. */
export function showEmpty(view: Filtered, place: HTMLElement, picture: HTMLElement): void {
  const { total, all } = view.state;
  place.hidden = total > 0;
  picture.hidden = all === 0;
  place.replaceChildren();
  if (total > 0) return;
  if (all > 0) {
    place.append(
      el("b", { text: "No run fits this filter." }),
      button("Show all runs", { class: "nbt-button" }, () => view.filter("")),
    );
    return;
  }
  place.append(
    el("b", { text: "No runs yet." }),
    el(
      "span",
      {},
      "Put ",
      el("code", { text: "%%track" }),
      " at the top of a cell that trains a model and run it, or call ",
      el("code", { text: "nbtrack.run(…)" }),
      ". Its run appears here at once.",
    ),
  );
}

/** The line below: where the runs are, and whether they are as the store has them. */
export function footLine(view: Placed): HTMLElement {
  const foot = el("div", { class: "nbt-foot nbt-quiet", attributes: { role: "status" } });
  const say = () => {
    const { place } = view.state;
    foot.replaceChildren(
      el("span", { text: place, title: place }),
      el("span", { class: "nbt-trouble", text: view.trouble, title: view.trouble }),
      el("span", {
        class: "nbt-lost",
        text: "The kernel that drew this is gone; run the cell again to go on from here.",
      }),
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
