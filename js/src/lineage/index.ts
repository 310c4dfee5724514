/** What was made from what: data, runs and model versions, and what is known of the one that is looked at. */

import "../base/base.css";
import "../base/run.css";
import "./style.css";
import type { AnyModel } from "../base/anywidget.ts";
import { button, el } from "../base/dom.ts";
import { fileEntries } from "../base/files_menu.ts";
import { mount } from "../base/mount.ts";
import { menu, openPopover } from "../base/popover.ts";
import { problemLine, storeLine } from "../base/stored.ts";
import { detailsOf } from "./details.ts";
import { GraphPicture } from "./graph.ts";
import { LineageView } from "./view.ts";

function build(model: AnyModel, root: HTMLElement, signal: AbortSignal): void {
  const view = new LineageView(model, signal);
  const picture = new GraphPicture(view, signal);
  const panel = el("aside", { class: "nbt-lin-details", attributes: { role: "region", "aria-label": "Details", tabindex: -1 } });
  const more = button("⋯", { class: "nbt-button nbt-lin-more", title: "More", attributes: { "aria-label": "More" } }, () => {
    let close = () => {};
    close = openPopover(root, more, "More", menu(fileEntries(view, root, "lineage"), () => close()));
  });
  const empty = el(
    "div",
    { class: "nbt-empty", attributes: { role: "status" } },
    el("b", { text: "No run here has read data yet." }),
    el("span", {}, el("code", { text: "%%track" }), " a cell that reads some, or tell of it with ", el("code", { text: "nbtrack.log_input(data)" }), "."),
  );
  const box = el("div", { class: "nbt-lin" }, more, el("div", { class: "nbt-lin-body" }, picture.element, panel));
  root.append(problemLine(view), box, empty, storeLine(view));
  panel.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape") return;
      view.leave();
      picture.focus();
    },
    { signal },
  );

  const look = () => {
    panel.hidden = view.looksAt === null;
    if (view.details) panel.replaceChildren(...detailsOf(view));
    panel.setAttribute("aria-label", view.looksAt === null ? "Details" : (view.box(view.looksAt)?.told ?? "Details"));
    picture.mark();
  };
  const draw = () => {
    const isEmpty = !view.snapshot.columns[1].length;
    empty.hidden = !isEmpty;
    box.hidden = isEmpty;
    if (view.looksAt !== null && !view.box(view.looksAt)) view.leave();
    picture.draw();
    look();
    root.dataset.state = "drawn";
    performance.mark("nbtrack:drawn");
  };
  view.on("state", draw);
  view.on("selection", look);
  view.onLook(look);
  draw();
}

export default { render: mount(build) };
