/** What may be decided of a version: the buttons, and the form in which it is confirmed. */

import { button, el } from "../base/dom.ts";
import { checkList } from "./checks.ts";
import type { Check, Request, Stage } from "./protocol.ts";
import type { Decision, RegistryView } from "./view.ts";

/** The buttons below the evidence; those of requests stand in front. */
export function actions(view: RegistryView): HTMLElement {
  const { chosen, shown } = view;
  const row = el("div", { class: "nbt-reg-actions" });
  if (!chosen || !shown) return row;
  const version = view.version(chosen.version);
  if (!version) return row;
  const number = version.version;
  const asked = shown.requests.filter((each) => each.version === number);
  for (const request of asked) row.append(...requestRow(view, request));
  const put = (label: string, decision: Decision, main = false) =>
    row.append(
      button(
        label,
        { class: main ? "nbt-button nbt-reg-main-action" : "nbt-button", attributes: { "data-key": `act ${label}` } },
        () => view.begin(decision),
      ),
    );
  if (version.stage !== "Production") {
    put("Promote to Production", { kind: "move", version: number, stage: "Production" }, true);
    if (!asked.some((each) => each.stage === "Production")) {
      put("Ask for Production", { kind: "ask", version: number, stage: "Production" });
    }
  } else if (shown.can_roll_back !== null) {
    put(`Roll back to ${shown.can_roll_back}`, { kind: "roll_back", to: shown.can_roll_back }, true);
  }
  if (version.stage !== "Staging") put("To Staging", { kind: "move", version: number, stage: "Staging" });
  if (version.stage !== "Archived") put("Archive", { kind: "move", version: number, stage: "Archived" });
  put("Comment", { kind: "comment", version: number });
  return row;
}

function requestRow(view: RegistryView, request: Request): HTMLElement[] {
  const said = `${request.by} asks for ${request.stage}${request.comment ? `: ${request.comment}` : ""}`;
  return [
    el(
      "div",
      { class: "nbt-reg-request" },
      el("span", { text: said }),
      button(
        "Approve",
        { class: "nbt-button nbt-reg-main-action", attributes: { "data-key": `approve ${request.request}` } },
        () => view.begin({ kind: "approve", request }),
      ),
      button(
        "Reject",
        { class: "nbt-button", attributes: { "data-key": `reject ${request.request}` } },
        () => view.begin({ kind: "reject", request }),
      ),
    ),
  ];
}

/** The form of the decision that is under way; hidden where there is none. */
export function decisionForm(view: RegistryView): HTMLElement {
  const form = el("form", { class: "nbt-reg-form", attributes: { "aria-label": "Confirm" } });
  const title = el("div", { class: "nbt-reg-formtitle" });
  const gates = el("div");
  const comment = box("Comment", 2);
  const override = box("Why past the gates (told for ever)", 2);
  const confirm = el("button", { class: "nbt-button nbt-reg-main-action" });
  confirm.type = "submit";
  const cancel = button("Cancel", { class: "nbt-button" }, () => close());
  form.append(title, gates, comment.label, override.label, el("div", { class: "nbt-reg-actions" }, confirm, cancel));
  let openedBy: string | null = null;

  const tell = () => {
    const { decision } = view;
    form.hidden = !decision;
    if (!decision) return;
    title.textContent = consequence(view, decision);
    const unmet = unmetBy(view, decision);
    gates.replaceChildren(...(unmet.length ? [checkList(unmet)] : []));
    override.label.hidden = unmet.length === 0;
    const isPast = unmet.length > 0 && override.area.value.trim() !== "";
    const past = isPast ? ` past ${unmet.length} gate${unmet.length > 1 ? "s" : ""}` : "";
    confirm.textContent = `${verb(decision)}${past}`;
    confirm.classList.toggle("nbt-reg-danger", isPast);
  };
  const close = () => {
    view.giveUp();
    const host = form.closest(".nbt-reg");
    const again = [...(host?.querySelectorAll<HTMLElement>("[data-key]") ?? [])].find(
      (each) => each.dataset.key === openedBy,
    );
    again?.focus({ preventScroll: true });
  };
  override.area.addEventListener("input", tell);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    confirm.disabled = true;
    const why = override.label.hidden ? "" : override.area.value.trim();
    void view.confirm(comment.area.value.trim(), why || null).finally(() => (confirm.disabled = false));
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    close();
  });
  view.onDecision(() => {
    confirm.disabled = false;
    if (view.decision) {
      openedBy = (document.activeElement as HTMLElement | null)?.dataset.key ?? null;
      comment.area.value = "";
      override.area.value = "";
    }
    tell();
    if (view.decision) {
      comment.area.focus({ preventScroll: true });
      form.scrollIntoView({ block: "nearest" });
    }
  });
  view.on("state", tell);
  tell();
  return form;
}

function verb(decision: Decision): string {
  if (decision.kind !== "move") return VERBS[decision.kind];
  return decision.stage === "Production" ? "Promote" : decision.stage === "Archived" ? "Archive" : "Move";
}

const VERBS: Record<Exclude<Decision["kind"], "move">, string> = {
  ask: "Ask",
  approve: "Approve",
  reject: "Reject",
  roll_back: "Roll back",
  comment: "Say it",
};

/** What will come of it, in a sentence. */
function consequence(view: RegistryView, decision: Decision): string {
  switch (decision.kind) {
    case "move":
      return `Version ${decision.version} goes to ${decision.stage}${replacing(view, decision.version, decision.stage)}.`;
    case "ask":
      return `Ask that version ${decision.version} go to ${decision.stage}.`;
    case "approve":
      return (
        `${decision.request.by} asked for it: version ${decision.request.version} goes to ` +
        `${decision.request.stage}${replacing(view, decision.request.version, decision.request.stage)}.`
      );
    case "reject":
      return `Reject what ${decision.request.by} asked for; nothing is moved.`;
    case "roll_back":
      return `Version ${decision.to} comes back to Production${replacing(view, decision.to, "Production")}.`;
    case "comment":
      return `Say something about version ${decision.version}.`;
  }
}

function replacing(view: RegistryView, version: number, stage: Stage): string {
  const replaced = stage === "Production" ? view.replacedBy(version) : [];
  return replaced.length ? `, and version ${replaced.join(", ")} to Archived` : "";
}

/** The gates that this decision does not meet, as far as is known here; the kernel asks them again. */
function unmetBy(view: RegistryView, decision: Decision): Check[] {
  const isPromotion =
    (decision.kind === "move" && decision.stage === "Production") ||
    (decision.kind === "approve" && decision.request.stage === "Production");
  return isPromotion ? (view.chosen?.checks ?? []).filter((check) => !check.passed) : [];
}

function box(label: string, rows: number): { label: HTMLElement; area: HTMLTextAreaElement } {
  const area = el("textarea", { class: "nbt-reg-text", attributes: { rows } });
  return { label: el("label", { class: "nbt-reg-box" }, el("span", { class: "nbt-quiet nbt-small", text: label }), area), area };
}
