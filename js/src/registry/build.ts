/**
 * The registry: models at the side, the versions of one by stage, the evidence for one version
 * with what may be decided of it, and the history.
 *
 * All parts are drawn anew when the kernel has news, but for the form in which somebody
 * writes: what was typed stays.
 */

import "../base/base.css";
import "./style.css";
import type { AnyModel } from "../base/anywidget.ts";
import { el } from "../base/dom.ts";
import { problemLine, storeLine } from "../base/stored.ts";
import { board } from "./board.ts";
import { decisionForm } from "./decide.ts";
import { evidence } from "./evidence.ts";
import { history } from "./history.ts";
import { modelList } from "./models.ts";
import { RegistryView } from "./view.ts";

export function build(model: AnyModel, root: HTMLElement, signal: AbortSignal): void {
  const view = new RegistryView(model, signal);
  const side = el("nav", { class: "nbt-reg-side", attributes: { "aria-label": "Registered models" } });
  const head = el("header", { class: "nbt-reg-head" });
  const stages = el("section", { class: "nbt-reg-board", attributes: { "aria-label": "Versions by stage" } });
  const facts = el("section", { class: "nbt-reg-facts", attributes: { "aria-label": "Evidence" } });
  const form = decisionForm(view);
  const past = el("section", { class: "nbt-reg-past", attributes: { "aria-label": "History" } });
  const main = el("div", { class: "nbt-reg-main" }, head, stages, facts, form, problemLine(view), past);
  const panel = el("div", { class: "nbt-reg" }, side, main);
  const empty = emptyNote();
  root.append(panel, empty, storeLine(view));

  const draw = () => {
    const { shown } = view;
    panel.hidden = !shown;
    empty.hidden = !!shown;
    if (shown) {
      keepFocus(panel, () => {
        side.replaceChildren(modelList(view));
        head.replaceChildren(
          el("b", { class: "nbt-reg-name", text: shown.name }),
          el("span", { class: "nbt-quiet", text: shown.description }),
        );
        stages.replaceChildren(...board(view));
        facts.replaceChildren(...evidence(view));
        past.replaceChildren(...history(view));
      });
    }
    panel.dataset.state = "drawn";
    performance.mark("nbtrack:drawn");
  };
  view.on("state", draw);
  view.onDecision(draw);
  draw();
}

/** Draw anew, and let the keyboard be where it was. */
function keepFocus(panel: HTMLElement, draw: () => void): void {
  const focused = document.activeElement;
  const key = focused && panel.contains(focused) ? focused.getAttribute("data-key") : null;
  const open = new Set([...panel.querySelectorAll<HTMLElement>("details[open]")].map((each) => each.dataset.fold));
  draw();
  for (const fold of panel.querySelectorAll<HTMLDetailsElement>("details")) {
    if (open.has(fold.dataset.fold)) fold.open = true;
  }
  if (key === null) return;
  const again = [...panel.querySelectorAll<HTMLElement>("[data-key]")].find((each) => each.dataset.key === key);
  again?.focus({ preventScroll: true });
}

function emptyNote(): HTMLElement {
  return el(
    "div",
    { class: "nbt-empty", attributes: { role: "status" } },
    el("b", { text: "No registered models yet." }),
    el(
      "span",
      {},
      "Register what a run keeps: ",
      el("code", { text: "nbtrack.register_model(f\"runs:/{run.id}/model\", \"name\")" }),
      ". It appears here at once.",
    ),
  );
}
