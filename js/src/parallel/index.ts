/**
 * Parallel coordinates: each run a line across its parameters and metrics.
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
import { Handles } from "./handles.ts";
import { listenToPointer } from "./hover.ts";
import { titleOf } from "./layout.ts";
import { Picture } from "./picture.ts";
import { legend, toolbar } from "./toolbar.ts";
import { ParallelView } from "./view.ts";

function build(model: AnyModel, root: HTMLElement, signal: AbortSignal): void {
  const view = new ParallelView(model, signal);
  const picture: Picture = new Picture(view, root, () => (handles.lay(), colours.draw()), signal);
  const handles = new Handles(view, picture, root);
  const colours = legend(view, picture);
  const empty = el("div", { class: "nbt-empty", attributes: { role: "status" } });
  const none = el("div", { class: "nbt-empty", text: "No axis is shown. Choose some under Axes." });
  picture.element.setAttribute("role", "group");
  listenToPointer(view, picture, signal);
  root.append(toolbar(view, picture, root, signal), colours.element, picture.element, none, empty, footLine(view));

  const draw = () => {
    showEmpty(view, empty, picture.element);
    none.hidden = view.shown.length > 0 || view.state.total === 0;
    picture.element.hidden ||= view.visible.length === 0 || view.state.total === 0;
    picture.element.setAttribute("aria-label", summary(view));
    picture.hovered = null;
    picture.lay();
  };
  view.on("state", draw);
  view.on("axes", draw);
  view.on("brushes", () => (handles.describe(), picture.drawPicked()));
  view.on("selection", () => picture.drawPicked());
  draw();
}

function summary(view: ParallelView): string {
  const across = view.visible.map((axis) => titleOf(axis.name)).join(", ");
  return `Parallel coordinates of ${count(view.runs.length)} runs across ${across}`;
}

export default { render: mount(build) };
