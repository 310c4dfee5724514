/**
 * A chart of runs: what `nbtrack.charts` drew, to pick and brush runs in, and to choose columns for.
 *
 * `build` puts the parts together; each part draws itself and follows the view.
 */

import "../base/base.css";
import "./style.css";
import type { AnyModel } from "../base/anywidget.ts";
import { el } from "../base/dom.ts";
import { mount } from "../base/mount.ts";
import { footLine, showEmpty } from "../base/notes.ts";
import { Picture } from "./picture.ts";
import { Pointing } from "./pointing.ts";
import { toolbar } from "./toolbar.ts";
import { ChartView } from "./view.ts";

function build(model: AnyModel, root: HTMLElement, signal: AbortSignal): void {
  const view = new ChartView(model, signal);
  const pointing = new Pointing(view);
  const picture = new Picture(model, view, root, pointing, signal);
  pointing.attach(picture, signal);
  const empty = el("div", { class: "nbt-empty", attributes: { role: "status" } });
  root.append(toolbar(view, picture, root, signal), picture.element, empty, footLine(view));

  const describe = () => {
    showEmpty(view, empty, picture.element);
    picture.element.hidden ||= view.state.total === 0;
  };
  const draw = () => {
    const { description, height } = view.spec("light");
    picture.element.setAttribute("role", "group");
    picture.element.setAttribute("aria-label", `${description}. Arrow keys reach runs, Enter picks one.`);
    // The place is as high as the drawing will be: nothing below it jumps.
    picture.element.style.minHeight = `${height}px`;
    void picture.draw();
  };
  view.on("state", describe);
  view.on("spec", draw);
  view.on("selection", () => picture.showPicked());
  describe();
  draw();
}

export default { render: mount(build) };
