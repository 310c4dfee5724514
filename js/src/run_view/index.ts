/**
 * One run: everything known of it, in tabs; it goes on as the run does.
 */

import "../base/base.css";
import "../base/run.css";
import "../artifacts/style.css";
import "./style.css";
import { FileBrowser } from "../artifacts/browser.ts";
import type { AnyModel } from "../base/anywidget.ts";
import { button, el } from "../base/dom.ts";
import { fileEntries } from "../base/files_menu.ts";
import { ago, duration, moment } from "../base/format.ts";
import { mount } from "../base/mount.ts";
import { menu, openPopover } from "../base/popover.ts";
import { statusDot } from "../base/run_parts.ts";
import { problemLine, storeLine } from "../base/stored.ts";
import { overview } from "./overview.ts";
import { charts, code, curvedMetrics, data, environment, output } from "./panels.ts";
import { Tabs, type Tab } from "./tabs.ts";
import { RunView } from "./view.ts";

function build(model: AnyModel, root: HTMLElement, signal: AbortSignal): void {
  const view = new RunView(model, signal);
  const head = el("div", { class: "nbt-run-head" });
  const more = button("⋯", { class: "nbt-button", title: "More", attributes: { "aria-label": "More" } }, () => {
    const pick = { label: "Select this run", run: () => view.pick([view.run.run_id]) };
    let close = () => {};
    close = openPopover(root, more, "More", menu([...fileEntries(view, root, "run"), "line", pick], () => close()));
  });
  const tabs = new Tabs(tabsOf(view, new FileBrowser(view, signal)), signal);
  const top = el("div", { class: "nbt-run-top" }, head, more);
  root.append(el("div", { class: "nbt-run" }, top, problemLine(view), tabs.element), storeLine(view));

  const draw = () => {
    fillHead(view, head);
    tabs.draw();
    root.dataset.state = "drawn";
    performance.mark("nbtrack:drawn");
  };
  view.on("state", draw);
  draw();
}

function tabsOf(view: RunView, browser: FileBrowser): Tab[] {
  const curved = (system: boolean): Tab => ({
    title: system ? "Resources" : "Curves",
    has: () => curvedMetrics(view, system).length > 0,
    of: () => curvedMetrics(view, system),
    draw: () => charts(view, system),
  });
  return [
    { title: "Overview", has: () => true, of: () => overviewOf(view), draw: () => overview(view) },
    curved(false),
    {
      title: "Code",
      has: () => ["source", "git.diff"].some((role) => view.text(role)) || view.more.cells.length > 0 || "commit" in view.more.git,
      of: () => [view.text("source"), view.text("git.diff"), view.more.cells, view.more.modules, view.more.git],
      draw: () => code(view),
    },
    { title: "Data", has: () => view.more.data.length > 0, of: () => view.more.data, draw: () => data(view) },
    {
      title: "Environment",
      has: () => [view.more.machine, view.more.packages, view.more.variables].some((all) => Object.keys(all).length > 0),
      of: () => [view.more.machine, view.more.packages, view.more.variables],
      draw: () => environment(view),
    },
    {
      title: "Output",
      has: () => ["traceback", "stdout", "stderr"].some((role) => view.text(role)?.text),
      of: () => ["traceback", "stdout", "stderr"].map((role) => view.text(role)),
      draw: () => output(view),
    },
    {
      title: "Files",
      has: () => view.run.files.length > 0,
      of: () => view.files,
      draw: () => {
        browser.update();
        return browser.element;
      },
    },
    curved(true),
  ];
}

function overviewOf(view: RunView): unknown {
  const { note, verdict, blames, replayed, metrics, params, tags, program, user, host } = view.run;
  return [note, verdict, blames, replayed, metrics, params, tags, program, user, host];
}

function fillHead(view: RunView, head: HTMLElement): void {
  const { run } = view;
  const said = [run.experiment, run.short_id];
  if (run.duration_s !== null) said.unshift(duration(run.duration_s));
  if (run.started_ms !== null) said.push(ago(run.started_ms, Date.now()));
  head.replaceChildren(
    el(
      "div",
      { class: "nbt-run-title" },
      statusDot(run.status),
      el("b", { text: run.name, title: run.name }),
      el("span", { class: `nbt-status nbt-is-${run.status}`, text: run.status }),
    ),
    el("div", {
      class: "nbt-quiet nbt-small nbt-run-said",
      text: said.filter((part) => part).join(" · "),
      title: run.started_ms === null ? "" : moment(run.started_ms),
    }),
  );
}

export default { render: mount(build) };
