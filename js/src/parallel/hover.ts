/** The run under the pointer: its line stands out, its name and values stand beside the pointer. */

import { el } from "../base/dom.ts";
import { titleOf } from "./layout.ts";
import type { Picture } from "./picture.ts";
import type { ParallelView } from "./view.ts";

const OFF_PX = 14;
const SHOWN = 14;

export function listenToPointer(view: ParallelView, picture: Picture, signal: AbortSignal): void {
  const tip = el("div", { class: "nbt-par-tip", attributes: { role: "tooltip" } });
  tip.hidden = true;
  picture.element.append(tip);
  let due = 0;
  const point = (run: number | null) => {
    if (run === picture.hovered) return;
    picture.hovered = run;
    picture.drawMarks();
    tip.hidden = run === null;
    if (run !== null) describe(view, picture, run, tip);
  };
  const at = (event: MouseEvent): [number, number] => {
    const box = picture.element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  picture.element.addEventListener(
    "pointermove",
    (event) => {
      cancelAnimationFrame(due);
      if (event.buttons) return point(null);
      due = requestAnimationFrame(() => {
        const [x, y] = at(event);
        point(picture.runAt(x, y));
        if (picture.hovered !== null) place(picture, tip, x, y);
      });
    },
    { signal },
  );
  picture.element.addEventListener("pointerleave", () => (cancelAnimationFrame(due), point(null)), { signal });
  picture.element.addEventListener(
    "click",
    (event) => {
      if ((event.target as Element).closest(".nbt-par-handle")) return;
      const run = picture.runAt(...at(event));
      if (run === null) {
        if (view.selection.size && view.brushing.isEmpty) view.selectNone();
        return;
      }
      const id = view.runs[run]!;
      if (!event.ctrlKey && !event.metaKey && !event.shiftKey) return view.pick([id]);
      const picked = new Set(view.selection.runs);
      if (!picked.delete(id)) picked.add(id);
      view.pick(picked);
    },
    { signal },
  );
}

function describe(view: ParallelView, picture: Picture, run: number, tip: HTMLElement): void {
  const axes = view.visible.slice(0, SHOWN);
  const colour = el("span", { class: "nbt-par-swatch", style: { background: picture.colourOf(run) } });
  tip.replaceChildren(
    el("div", { class: "nbt-par-tip-name" }, colour, el("b", { text: view.nameOf(run) })),
    ...axes.map((axis) =>
      el(
        "div",
        { class: "nbt-pair" },
        el("span", { class: "nbt-key", text: titleOf(axis.name) }),
        el("span", { class: "nbt-value", text: axis.text(run) }),
      ),
    ),
  );
}

function place(picture: Picture, tip: HTMLElement, x: number, y: number): void {
  const room = picture.element.clientWidth;
  const left = x + OFF_PX + tip.offsetWidth < room ? x + OFF_PX : Math.max(0, x - OFF_PX - tip.offsetWidth);
  const top = Math.max(0, Math.min(y + OFF_PX, picture.element.clientHeight - tip.offsetHeight));
  tip.style.left = `${left + picture.element.scrollLeft}px`;
  tip.style.top = `${top}px`;
}
