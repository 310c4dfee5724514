/**
 * A board: several widgets in a grid, on one selection and one filter.
 *
 * `build` puts the parts together; each part follows the view.
 */

import "../base/base.css";
import "./style.css";
import type { AnyModel } from "../base/anywidget.ts";
import { el } from "../base/dom.ts";
import { mount } from "../base/mount.ts";
import { footLine } from "../base/notes.ts";
import { Grid } from "./grid.ts";
import { toolbar } from "./toolbar.ts";
import { BoardView } from "./view.ts";

function build(model: AnyModel, root: HTMLElement, signal: AbortSignal): void {
  const view = new BoardView(model, signal);
  const grid = new Grid(view, model, signal);
  const note = el("div", { class: "nbt-board-note", attributes: { role: "status" } });
  root.classList.add("nbt-board");
  root.append(toolbar(view, root, () => grid.focus(), signal), note, grid.element, footLine(view));
  const draw = () => {
    note.textContent = view.snapshot.note;
    note.hidden = !view.snapshot.note;
    grid.draw();
  };
  view.on("state", draw);
  draw();
}

export default { render: mount(build) };
