/** Gates as a list. */

import { el } from "../base/dom.ts";
import type { Check } from "./protocol.ts";

/** Gates with ticks and crosses, each with its figures. */
export function checkList(checks: Check[]): HTMLElement {
  return el(
    "ul",
    { class: "nbt-reg-checks" },
    ...checks.map((check) =>
      el(
        "li",
        { class: check.passed ? "nbt-reg-met" : "nbt-reg-unmet" },
        el("span", {
          class: "nbt-reg-mark",
          text: check.passed ? "✓" : "✗",
          attributes: { role: "img", "aria-label": check.passed ? "met" : "not met" },
        }),
        el("span", {}, el("b", { text: check.gate }), ` ${check.reason}`),
      ),
    ),
  );
}
