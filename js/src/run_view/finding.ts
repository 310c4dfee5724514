/** Named values of which there may be hundreds: in columns, and with a box to find one. */

import { el } from "../base/dom.ts";
import { pair, titled } from "../base/run_parts.ts";

/** So many are found with the eyes. */
const MANY = 30;

export function findable(title: string, entries: [string, string][]): HTMLElement | null {
  if (!entries.length) return null;
  const section = titled(title);
  const list = el("div", { class: "nbt-run-pairs" }, ...entries.map(([key, value]) => pair(key, value)));
  if (entries.length > MANY) {
    const none = el("div", { class: "nbt-quiet", text: "Nothing has that in its name." });
    none.hidden = true;
    const box = el("input", {
      class: "nbt-run-find",
      attributes: { type: "text", placeholder: `Find one of ${entries.length}`, "aria-label": `Find in ${title.toLowerCase()}` },
    });
    box.addEventListener("input", () => {
      const sought = box.value.trim().toLowerCase();
      let found = 0;
      [...list.children].forEach((line, i) => {
        const isFound = (entries[i]?.[0] ?? "").toLowerCase().includes(sought);
        (line as HTMLElement).hidden = !isFound;
        found += Number(isFound);
      });
      none.hidden = found > 0;
    });
    section.append(box, none);
  }
  section.append(list);
  return section;
}
