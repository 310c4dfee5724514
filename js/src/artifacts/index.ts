/** The files of one run: a tree, and what is in the file that is open. */

import "../base/base.css";
import "../base/run.css";
import "./style.css";
import type { AnyModel } from "../base/anywidget.ts";
import { button, el } from "../base/dom.ts";
import { mount } from "../base/mount.ts";
import { problemLine, storeLine } from "../base/stored.ts";
import { FileBrowser } from "./browser.ts";
import { ArtifactsView } from "./view.ts";

function build(model: AnyModel, root: HTMLElement, signal: AbortSignal): void {
  const view = new ArtifactsView(model, signal);
  const browser = new FileBrowser(view, signal);
  const head = el("div", { class: "nbt-files-run" });
  root.append(el("div", { class: "nbt-files-box" }, head, problemLine(view), browser.element), storeLine(view));

  const draw = () => {
    const { name, experiment, run_id } = view.snapshot.run;
    const pick = button(name, { class: "nbt-link", title: "Select this run" }, () => view.pick([run_id]));
    head.replaceChildren(el("b", {}, pick), el("span", { class: "nbt-quiet nbt-small", text: experiment }));
    browser.update();
    root.dataset.state = "drawn";
    performance.mark("nbtrack:drawn");
  };
  const follow = () => {
    const { opened } = view;
    if (opened === browser.opened || browser.isAsking) return;
    if (opened === null) browser.close();
    else void browser.open(opened);
  };
  view.on("state", draw);
  view.onOpened(follow);
  browser.opened = view.opened;
  draw();
}

export default { render: mount(build) };
