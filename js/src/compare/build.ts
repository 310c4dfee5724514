/**
 * Runs side by side: a column each, what differs first, what is the same folded away.
 *
 * `build` puts the parts together; all of them are drawn anew when the kernel has news.
 */

import "../base/base.css";
import "../base/run.css";
import "./style.css";
import type { AnyModel } from "../base/anywidget.ts";
import { el } from "../base/dom.ts";
import { followHues } from "../base/hues.ts";
import { problemLine, storeLine } from "../base/stored.ts";
import { groupSection } from "./groups.ts";
import { heads } from "./heads.ts";
import { codeSection, curvesSection, figuresSection } from "./sections.ts";
import { toolbar } from "./toolbar.ts";
import { CompareView } from "./view.ts";

export function build(model: AnyModel, root: HTMLElement, signal: AbortSignal): void {
  const view = new CompareView(model, signal);
  const scroll = el("div", {
    class: "nbt-cmp-scroll",
    attributes: { tabindex: 0, role: "region", "aria-label": "Runs side by side" },
  });
  const inner = el("div", { class: "nbt-cmp-inner" });
  const empty = emptyNote();
  scroll.append(inner);
  root.append(toolbar(view, root, signal), problemLine(view), scroll, empty, storeLine(view));
  followHues(root, signal);
  // Sections that are no columns stay in sight, however wide the columns are.
  const width = new ResizeObserver(() => inner.style.setProperty("--nbt-cmp-view", `${scroll.clientWidth}px`));
  width.observe(scroll);
  signal.addEventListener("abort", () => width.disconnect());

  const draw = () => {
    const { length } = view.runs;
    scroll.hidden = length === 0;
    empty.hidden = length > 0;
    inner.style.setProperty("--nbt-cmp-runs", String(length));
    keepFocus(scroll, () => inner.replaceChildren(...(length ? parts(view, root) : [])));
    inner.dataset.state = "drawn";
    performance.mark("nbtrack:drawn");
  };
  view.on("state", draw);
  draw();
}

function parts(view: CompareView, root: HTMLElement): HTMLElement[] {
  const groups = view.snapshot.groups.map((group) => ({ group, section: groupSection(view, group) }));
  const of = (...titles: string[]) => groups.filter(({ group }) => titles.includes(group.title)).map((g) => g.section);
  const first = ["Metrics", "Parameters"];
  const rest = view.snapshot.groups.map(({ title }) => title).filter((title) => !first.includes(title));
  const sections = [
    ...of("Metrics"),
    curvesSection(view),
    ...of("Parameters"),
    codeSection(view),
    figuresSection(view),
    ...of(...rest),
  ].filter((section): section is HTMLElement => section !== null);
  const none = el("div", { class: "nbt-cmp-group nbt-quiet", text: "Nothing has that in its name." });
  return [heads(view, root), ...(sections.length ? sections : [none])];
}

/** Draw anew, and let the keyboard be where it was. */
function keepFocus(scroll: HTMLElement, draw: () => void): void {
  const focused = document.activeElement;
  const fold = focused && scroll.contains(focused) ? focused.getAttribute("data-fold") : null;
  const { scrollTop } = scroll;
  draw();
  scroll.scrollTop = scrollTop;
  if (fold === null) return;
  const again = [...scroll.querySelectorAll<HTMLElement>("[data-fold]")].find((each) => each.dataset.fold === fold);
  again?.focus({ preventScroll: true });
}

function emptyNote(): HTMLElement {
  return el(
    "div",
    { class: "nbt-empty", attributes: { role: "status" } },
    el("b", { text: "No runs to compare." }),
    el(
      "span",
      {},
      "Select some in ",
      el("code", { text: "nbtrack.runs()" }),
      ", or name them: ",
      el("code", { text: "nbtrack.compare('a', 'b')" }),
      ".",
    ),
  );
}
