/** The registered models: which version of each is in Production, and what waits for an answer. */

import { button, el } from "../base/dom.ts";
import type { Model } from "./protocol.ts";
import type { RegistryView } from "./view.ts";

export function modelList(view: RegistryView): HTMLElement {
  const list = el("ul", { class: "nbt-reg-models" });
  for (const model of view.snapshot.models) list.append(el("li", {}, entry(view, model)));
  return list;
}

function entry(view: RegistryView, model: Model): HTMLElement {
  const there = model.in_production;
  const isShown = model.name === view.shown?.name;
  const made = button(
    "",
    {
      class: isShown ? "nbt-reg-model nbt-on" : "nbt-reg-model",
      attributes: { "data-key": `model ${model.name}`, "aria-current": isShown ? "true" : undefined },
    },
    () => view.show(model.name),
  );
  made.append(el("span", { class: "nbt-reg-modelname", text: model.name, title: model.name }));
  if (model.waiting) {
    const title = `${model.waiting} request${model.waiting > 1 ? "s" : ""} to answer`;
    made.append(el("span", { class: "nbt-reg-waiting", text: String(model.waiting), title }));
  }
  made.append(
    el("span", {
      class: there.length ? "nbt-reg-there" : "nbt-quiet nbt-small",
      text: there.length ? there.join(", ") : "—",
      title: there.length ? `In Production: ${there.join(", ")}` : "Nothing in Production",
    }),
  );
  return made;
}
