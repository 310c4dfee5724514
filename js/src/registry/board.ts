/** The versions of a model as a board: a column per stage, a card per version. */

import { button, el } from "../base/dom.ts";
import type { Stage, Version } from "./protocol.ts";
import { day } from "./time.ts";
import type { RegistryView } from "./view.ts";

const COLUMNS: [Stage, string][] = [
  ["None", "Registered"],
  ["Staging", "Staging"],
  ["Production", "Production"],
  ["Archived", "Archived"],
];

export function board(view: RegistryView): HTMLElement[] {
  const shown = view.shown!;
  const columns = COLUMNS.map(([stage, title]) => {
    const there = shown.versions.filter((each) => each.stage === stage);
    const list = el("ul", { class: "nbt-reg-cards" });
    for (const version of there) list.append(el("li", {}, card(view, version)));
    list.addEventListener("keydown", moveFocus);
    return el(
      "div",
      { class: "nbt-reg-column", attributes: { "data-stage": stage } },
      el(
        "div",
        { class: "nbt-reg-columnhead" },
        el("span", { text: title }),
        el("span", { class: "nbt-quiet", text: there.length ? String(there.length) : "" }),
      ),
      list,
    );
  });
  const hidden = shown.total - shown.versions.length;
  const note = hidden
    ? el("div", { class: "nbt-quiet nbt-small nbt-reg-more", text: `${hidden} older versions are not shown.` })
    : null;
  return [el("div", { class: "nbt-reg-columns" }, ...columns), ...(note ? [note] : [])];
}

function card(view: RegistryView, version: Version): HTMLElement {
  const isChosen = view.looksAt === version.version;
  const asked = view.shown!.requests.filter((each) => each.version === version.version);
  const made = button(
    "",
    {
      class: isChosen ? "nbt-reg-card nbt-on" : "nbt-reg-card",
      attributes: {
        "data-key": `version ${version.version}`,
        "aria-pressed": isChosen,
        "aria-label": `Version ${version.version}, ${version.stage}`,
      },
    },
    () => void view.choose(version.version),
  );
  const how = version.how || (version.overridden ? "override" : "");
  made.append(
    el(
      "span",
      { class: "nbt-reg-cardline" },
      el("b", { text: String(version.version) }),
      ...version.aliases.map((alias) => el("span", { class: "nbt-reg-alias", text: `@${alias}` })),
      how ? el("span", { class: "nbt-reg-how", text: how, title: HOW[how] ?? how }) : null,
      asked.length
        ? el("span", { class: "nbt-reg-waiting", text: "asked", title: asked.map(told).join("\n") })
        : null,
    ),
    el("span", {
      class: "nbt-quiet nbt-small nbt-reg-cardtext",
      text: version.description || `run ${version.run}`,
      title: version.description,
    }),
    el("span", {
      class: "nbt-quiet nbt-small",
      text: `${version.by || version.user}, ${day(version.since || version.created)}`,
    }),
  );
  return made;
}

const HOW: Record<string, string> = {
  override: "Went to Production past a gate",
  "roll back": "Came here by a roll back",
};

function told({ stage, by, comment }: { stage: Stage; by: string; comment: string }): string {
  return `${by} asks for ${stage}${comment ? `: ${comment}` : ""}`;
}

/** Up and down among the cards of a column, left and right among columns. */
function moveFocus(event: KeyboardEvent): void {
  const { key, target } = event;
  const column = (target as HTMLElement).closest<HTMLElement>(".nbt-reg-column");
  if (!column || !key.startsWith("Arrow")) return;
  const cards = [...column.querySelectorAll<HTMLElement>(".nbt-reg-card")];
  const at = cards.indexOf(target as HTMLElement);
  let next: HTMLElement | undefined;
  if (key === "ArrowDown") next = cards[at + 1];
  else if (key === "ArrowUp") next = cards[at - 1];
  else {
    const columns = [...column.parentElement!.querySelectorAll<HTMLElement>(".nbt-reg-column")];
    const filled = columns.filter((each) => each.querySelector(".nbt-reg-card"));
    const to = filled[filled.indexOf(column) + (key === "ArrowRight" ? 1 : -1)];
    next = to?.querySelector<HTMLElement>(".nbt-reg-card") ?? undefined;
  }
  if (!next) return;
  event.preventDefault();
  next.focus();
}
