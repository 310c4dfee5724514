/** What is in a file, as an element; each kind of preview in its own way. */

import { button, el } from "../base/dom.ts";
import { count, sizeText } from "../base/format.ts";
import { pairs } from "../base/run_parts.ts";
import { hexLines } from "./hex.ts";
import { jsonTree } from "./json_tree.ts";
import { framed } from "./page.ts";
import type { PreviewReply, TextPart } from "./protocol.ts";
import { tablePage, type AskRows } from "./table.ts";

export interface Asking {
  rows: AskRows;
  /** The text from `start` on, and where the next part begins; `null` if it cannot be had. */
  more(start: number): Promise<{ text: string; next: number | null } | null>;
  /** Something to be said beside the file's size: a picture's pixels. */
  say(text: string): void;
}

export function drawPreview(reply: PreviewReply, size_bytes: number, ask: Asking): HTMLElement[] {
  switch (reply.as) {
    case "image":
      return [image(reply.path, blobOf(reply, 0), ask)];
    case "audio":
      return [audio(reply.path, blobOf(reply, 0))];
    case "html":
      return htmlPage(reply.path, textOf(reply.buffers[0]!));
    case "json":
      return json(reply.text);
    case "table":
      return [tablePage(reply, reply.buffers[0]!, ask.rows)];
    case "text":
      return [...noted(reply.note), pairs("Model", Object.entries(reply.pairs)), text(reply, size_bytes, ask)].filter((each) => each !== null);
    case "bytes":
      return [...noted(reply.note), bytes(reply.buffers[0]!, size_bytes)];
    case "empty":
      return [el("div", { class: "nbt-quiet nbt-files-alone", text: "The file is empty." })];
    case "trouble":
      return [el("div", { class: "nbt-files-trouble", text: reply.message, attributes: { role: "alert" } })];
  }
}

export function blobOf(reply: { buffers: DataView[]; media_type?: string }, place: number): Blob {
  return new Blob([reply.buffers[place] as DataView<ArrayBuffer>], { type: reply.media_type ?? "" });
}

/** A picture from bytes, whose address is let go once it is drawn. */
export function drawn(blob: Blob, alt: string, done?: (picture: HTMLImageElement) => void): HTMLImageElement {
  const address = URL.createObjectURL(blob);
  const picture = el("img", { class: "nbt-figure", attributes: { src: address, alt } });
  picture.addEventListener("load", () => {
    URL.revokeObjectURL(address);
    done?.(picture);
  });
  return picture;
}

function image(path: string, blob: Blob, ask: Asking): HTMLElement {
  const picture = drawn(blob, path, ({ naturalWidth, naturalHeight }) => ask.say(`${count(naturalWidth)} × ${count(naturalHeight)} pixels`));
  const place = el("div", { class: "nbt-files-image" }, picture);
  picture.addEventListener("error", () => {
    place.replaceChildren(el("div", { class: "nbt-files-trouble", text: "This browser cannot draw the picture; it may be damaged, or of another kind than its name says." }));
  });
  return place;
}

function audio(path: string, blob: Blob): HTMLElement {
  const address = URL.createObjectURL(blob);
  const player = el("audio", { class: "nbt-files-audio", attributes: { src: address, controls: true, "aria-label": path } });
  player.addEventListener("loadeddata", () => URL.revokeObjectURL(address));
  player.addEventListener("error", () => player.replaceWith(el("div", { class: "nbt-files-trouble", text: "This browser cannot play the sound." })));
  return player;
}

function htmlPage(path: string, source: string): HTMLElement[] {
  const note = el("div", { class: "nbt-quiet nbt-small", text: "Shown without scripts, and without anything from outside." });
  return switched("Page", () => [note, framed(source, path)], "Source", () => [plain(source, true)]);
}

function json(source: string): HTMLElement[] {
  const tree = () => {
    try {
      return [jsonTree(JSON.parse(source))];
    } catch {
      // Python reads NaN and Infinity, which are no json.
      return [plain(source, true)];
    }
  };
  return switched("Tree", tree, "Text", () => [plain(source, true)]);
}

/** One of two ways to look at the same. */
function switched(one: string, drawOne: () => HTMLElement[], other: string, drawOther: () => HTMLElement[]): HTMLElement[] {
  const place = el("div", { class: "nbt-files-ways" });
  const choose = (chosen: string) => {
    for (const each of ways) each.setAttribute("aria-pressed", String(each.textContent === chosen));
    place.replaceChildren(...(chosen === one ? drawOne() : drawOther()));
  };
  const ways = [one, other].map((label) => button(label, { class: "nbt-files-way" }, () => choose(label)));
  choose(one);
  return [el("div", { class: "nbt-files-switch", attributes: { role: "group", "aria-label": "How it is shown" } }, ...ways), place];
}

function text(part: TextPart, size_bytes: number, ask: Asking): HTMLElement {
  const isProse = /\.(md|markdown|rst)$/i.test(part.path);
  const lines = plain(part.text, !isProse);
  if (part.next === null) return lines;
  let next: number = part.next;
  const said = el("span", { class: "nbt-quiet nbt-small", attributes: { role: "status" } });
  const tell = () => (said.textContent = `${sizeText(next)} of ${sizeText(size_bytes)}`);
  const more = button("Show more", { class: "nbt-button" }, async () => {
    more.disabled = true;
    const found = await ask.more(next);
    more.disabled = false;
    if (!found) return;
    append(lines, found.text);
    if (found.next === null) return foot.remove();
    next = found.next;
    tell();
  });
  const foot = el("div", { class: "nbt-files-turn" }, said, more);
  tell();
  return el("div", { class: "nbt-files-sheet" }, lines, foot);
}

function plain(source: string, isCode: boolean): HTMLElement {
  const box = el("div", {
    class: isCode ? "nbt-files-text" : "nbt-files-text nbt-files-prose",
    attributes: { tabindex: 0, role: "group", "aria-label": "Text" },
  });
  if (isCode) box.append(el("pre", { class: "nbt-files-lines", attributes: { "aria-hidden": true } }));
  box.append(el("pre", { class: "nbt-files-code" }));
  append(box, source);
  return box;
}

function append(box: HTMLElement, source: string): void {
  const code = (box.querySelector(".nbt-files-code") ?? box.querySelector("pre"))!;
  code.textContent += source;
  const lines = box.querySelector(".nbt-files-lines");
  if (!lines) return;
  const all = code.textContent!;
  const many = all.split("\n").length - (all.endsWith("\n") ? 1 : 0);
  lines.textContent = Array.from({ length: many }, (_, i) => i + 1).join("\n");
}

function bytes(buffer: DataView, size_bytes: number): HTMLElement {
  const shown = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  const dump = el("pre", { class: "nbt-files-code nbt-files-hex", text: hexLines(shown), attributes: { tabindex: 0, "aria-label": "Bytes" } });
  if (shown.length >= size_bytes) return dump;
  return el("div", {}, dump, el("div", { class: "nbt-quiet nbt-small", text: `The first ${sizeText(shown.length)} of ${sizeText(size_bytes)}` }));
}

function noted(note: string): HTMLElement[] {
  return note ? [el("div", { class: "nbt-quiet nbt-small nbt-files-note", text: note })] : [];
}

function textOf(buffer: DataView): string {
  return new TextDecoder().decode(buffer);
}
