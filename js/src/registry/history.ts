/** What was decided, the newest first, as a line through time. */

import { el } from "../base/dom.ts";
import type { Change } from "./protocol.ts";
import { minute } from "./time.ts";
import type { RegistryView } from "./view.ts";

const SHOWN = 8;

export function history(view: RegistryView): HTMLElement[] {
  const changes = view.shown!.history;
  const first = changes.slice(0, SHOWN);
  const rest = changes.slice(SHOWN);
  return [
    el("h3", { text: "History" }),
    timeline(first),
    ...(rest.length
      ? [
          el(
            "details",
            { attributes: { "data-fold": "history" } },
            el("summary", { class: "nbt-quiet", text: `${rest.length} earlier` }),
            timeline(rest),
          ),
        ]
      : []),
  ];
}

function timeline(changes: Change[]): HTMLElement {
  return el("ol", { class: "nbt-reg-line" }, ...changes.map(entry));
}

function entry(change: Change): HTMLElement {
  const classes = ["nbt-reg-change", change.is_stage ? "nbt-reg-move" : "", change.how ? "nbt-reg-past-gate" : ""];
  return el(
    "li",
    { class: classes.filter(Boolean).join(" "), attributes: { "data-number": change.number } },
    el("span", { class: "nbt-quiet nbt-small nbt-reg-when", text: minute(change.time), title: change.time }),
    el(
      "span",
      { class: "nbt-reg-what" },
      el("span", { text: change.told }),
      change.how ? el("span", { class: "nbt-reg-how", text: change.how, title: change.failed.join("\n") }) : null,
      change.comment ? el("span", { class: "nbt-reg-said", text: change.comment }) : null,
    ),
    el("span", { class: "nbt-quiet nbt-small nbt-reg-who", text: change.user, title: change.where }),
  );
}
