/**
 * Curves: the metrics of runs as small pictures side by side, a line per run.
 *
 * `build` puts the parts together; each part draws itself and follows the view.
 */

import "../base/base.css";
import "./style.css";
import type { AnyModel } from "../base/anywidget.ts";
import { el } from "../base/dom.ts";
import { count } from "../base/format.ts";
import { mount } from "../base/mount.ts";
import { footLine, showEmpty } from "../base/notes.ts";
import { Grid, titleOf } from "./grid.ts";
import { legend } from "./legend.ts";
import { Pointer } from "./pointer.ts";
import { toolbar } from "./toolbar.ts";
import { CurvesView } from "./view.ts";

function build(model: AnyModel, root: HTMLElement, signal: AbortSignal): void {
  const view = new CurvesView(model, signal);
  const pointer: Pointer = new Pointer(view, () => grid, root, signal);
  const grid: Grid = new Grid(view, root, (panel) => pointer.listen(panel), signal);
  const strokes = legend(view, grid, signal);
  const empty = el("div", { class: "nbt-empty", attributes: { role: "status" } });
  const none = el("div", { class: "nbt-empty", attributes: { role: "status" } });
  const left = el("div", { class: "nbt-cur-left nbt-quiet", attributes: { "aria-live": "polite" } });
  root.classList.add("nbt-cur");
  root.append(toolbar(view, grid, strokes, root, signal), strokes, grid.element, none, empty, left, footLine(view));

  const say = () => {
    showEmpty(view, empty, grid.element);
    const why = view.state.total ? whyNone(view) : "";
    none.hidden = !why;
    none.replaceChildren(el("b", { text: why }));
    grid.element.hidden = !view.runs.length || !view.metrics.length;
    left.textContent = whatIsLeft(view);
    left.hidden = !left.textContent;
  };
  view.on("state", say);
  say();
  grid.lay();
}

function whyNone(view: CurvesView): string {
  if (!view.metrics.length) {
    return view.chosen
      ? "No metric is shown. Choose some under Metrics."
      : "No metric has more than one point yet: log one as run.log(loss=0.3, step=1).";
  }
  if (view.runs.length) return "";
  return `None of the runs has a point of ${view.metrics.slice(0, 3).map(titleOf).join(", ")}.`;
}

/** What is not drawn, since there is no room for it or it has no curve. */
function whatIsLeft(view: CurvesView): string {
  const said = [];
  const { total } = view.state;
  if (view.asked < total) said.push(`The newest ${count(view.asked)} of ${count(total)} runs are shown.`);
  const without = view.asked - view.runs.length;
  if (without && view.runs.length) said.push(`${count(without)} run${without === 1 ? " has" : "s have"} none of these metrics.`);
  if (view.leftOut) said.push(`${count(view.leftOut)} more metrics were chosen than there is room for.`);
  return said.join(" ");
}

export default { render: mount(build) };
