/** A run's files: the tree beside what is in the one that is open, or the pictures among them. */

import { button, el } from "../base/dom.ts";
import { download } from "../base/download.ts";
import { sizeText } from "../base/format.ts";
import type { KeptFile } from "../base/run.ts";
import { blobOf, drawn, drawPreview, type Asking } from "./previews.ts";
import type { FilesHost, FilesIntent, PreviewReply } from "./protocol.ts";
import { Tree } from "./tree.ts";

export class FileBrowser {
  readonly element: HTMLElement;
  /** The file that is looked at, though what is in it may be on its way. */
  opened: string | null = null;
  #host: FilesHost;
  #tree: Tree;
  #shown = el("section", { class: "nbt-files-shown", attributes: { "aria-live": "off" } });
  #shows = "";
  #digest = "";
  #asks = 0;

  constructor(host: FilesHost, signal: AbortSignal) {
    this.#host = host;
    this.#tree = new Tree((path) => void this.open(path), signal);
    this.element = el("div", { class: "nbt-files" }, this.#tree.element, this.#shown);
    this.#shown.addEventListener(
      "keydown",
      (event) => {
        if (event.key !== "Escape" || this.opened === null) return;
        event.stopPropagation();
        this.#tree.focus();
      },
      { signal },
    );
  }

  /** Draw the files as they now are; what is open is read again where it has changed. */
  update(): void {
    this.#tree.show(this.#host.files, this.#host.filesLeftOut, this.opened);
    const file = this.#file();
    if (this.opened !== null && file && file.digest !== this.#digest) void this.open(this.opened);
    if (this.opened === null) void this.#showPictures();
  }

  /** Look into a file; the one that was open stays in sight until the kernel has answered. */
  async open(path: string): Promise<void> {
    this.opened = path;
    this.#digest = this.#file()?.digest ?? "";
    this.#tree.open(path);
    const reply = await this.#asked({ kind: "preview", path });
    if (reply && this.opened === path) this.#draw(reply);
  }

  /** Look at all of them again. */
  close(): void {
    this.opened = null;
    this.#tree.open(null);
    void this.#showPictures();
  }

  /** Whether the kernel has yet to answer: what it says meanwhile is older. */
  get isAsking(): boolean {
    return this.#asks > 0;
  }

  async #asked(intent: FilesIntent): Promise<PreviewReply | null> {
    this.#asks++;
    this.#shown.setAttribute("aria-busy", "true");
    const reply = await this.#host.askFiles(intent);
    this.#asks--;
    if (!this.isAsking) this.#shown.removeAttribute("aria-busy");
    return reply?.kind === "preview" ? (reply as PreviewReply) : null;
  }

  #draw(reply: PreviewReply): void {
    const { path } = reply;
    const file = this.#file();
    const said = el("span", { class: "nbt-quiet nbt-small" });
    const about = [sizeText(file?.size_bytes ?? 0), file?.media_type ?? ""].filter((part) => part).join(" · ");
    const say = (more: string) => (said.textContent = [about, more].filter((part) => part).join(" · "));
    say("");
    const ask: Asking = {
      say,
      rows: async (offset, order_by, descending) => {
        const page = await this.#asked({ kind: "rows", path, offset, order_by, descending });
        if (page && this.opened === path) this.#redraw(page);
      },
      more: async (start) => {
        const more = await this.#host.askFiles({ kind: "more", path, start });
        return more?.kind === "more" ? more : null;
      },
    };
    this.#shows = path;
    this.#shown.setAttribute("role", "region");
    this.#shown.setAttribute("aria-label", `In ${path}`);
    this.#shown.replaceChildren(
      this.#head(path, file, said),
      el("div", { class: "nbt-files-in" }, ...drawPreview(reply, file?.size_bytes ?? 0, ask)),
    );
  }

  /** Another page of a table; the keyboard stays on the column that was ordered by. */
  #redraw(page: PreviewReply): void {
    const focused = document.activeElement;
    const key = focused?.getAttribute("data-column") ?? null;
    const label = focused?.getAttribute("aria-label") ?? null;
    const was = this.#shown.querySelector(".nbt-files-scroll");
    const left = was?.scrollLeft ?? 0;
    const hadFocus = this.#shown.contains(focused);
    this.#draw(page);
    const scroll = this.#shown.querySelector(".nbt-files-scroll");
    if (scroll) scroll.scrollLeft = left;
    if (!hadFocus) return;
    const buttons = [...this.#shown.querySelectorAll<HTMLButtonElement>("button")];
    const same = (each: HTMLElement) =>
      key !== null ? each.getAttribute("data-column") === key : each.getAttribute("aria-label") === label;
    (buttons.find((each) => same(each) && !each.disabled) ?? (scroll as HTMLElement | null))?.focus({ preventScroll: true });
  }

  #head(path: string, file: KeptFile | undefined, said: HTMLElement): HTMLElement {
    const at = path.lastIndexOf("/") + 1;
    const name = el("div", { class: "nbt-files-path", title: path }, el("span", { class: "nbt-quiet", text: path.slice(0, at) }), el("b", { text: path.slice(at) }));
    const digest = el("span", {
      class: "nbt-quiet nbt-small nbt-files-digest",
      text: file?.digest.slice(0, 12) ?? "",
      title: `BLAKE2b-256 ${file?.digest ?? ""}`,
      attributes: { "aria-label": `digest ${file?.digest ?? ""}` },
    });
    return el(
      "div",
      { class: "nbt-files-head" },
      el("div", { class: "nbt-files-told" }, name, el("div", { class: "nbt-files-about" }, said, digest)),
      button("Download", { class: "nbt-button", attributes: { "aria-label": `Download ${path}` } }, () => void this.#save(path)),
      button("×", { class: "nbt-x", title: "Close the file", attributes: { "aria-label": "Close the file" } }, () => {
        void this.#host.askFiles({ kind: "close" });
        this.close();
        this.#tree.focus();
      }),
    );
  }

  async #save(path: string): Promise<void> {
    const answer = await this.#host.askFiles({ kind: "file", path });
    if (answer?.kind === "file") download(blobOf(answer, 0), path.split("/").at(-1) ?? path);
  }

  async #showPictures(): Promise<void> {
    const pictures = this.#host.files.filter((file) => file.is_drawn);
    const which = JSON.stringify(pictures.map(({ path, digest }) => [path, digest]));
    if (this.#shows === which) return;
    this.#shows = which;
    this.#shown.setAttribute("role", "region");
    this.#shown.setAttribute("aria-label", pictures.length ? "Pictures" : "No file is open");
    if (!pictures.length) {
      const text = this.#host.files.length ? "Choose a file to look into it." : "This run keeps no files yet.";
      this.#shown.replaceChildren(el("div", { class: "nbt-quiet nbt-files-alone", text }));
      return;
    }
    const answer = await this.#host.askFiles({ kind: "figures" });
    if (answer?.kind !== "figures" || this.opened !== null) return;
    const figures = answer.paths.map((path, i) => {
      const picture = drawn(new Blob([answer.buffers[i] as DataView<ArrayBuffer>], { type: answer.media_types[i] ?? "" }), "");
      const frame = button("", { class: "nbt-files-figure", title: path, attributes: { "aria-label": `Open ${path}` } }, () => void this.open(path));
      frame.append(picture, el("span", { class: "nbt-quiet nbt-small", text: path }));
      return frame;
    });
    this.#shown.replaceChildren(el("div", { class: "nbt-files-figures" }, ...figures));
  }

  #file(): KeptFile | undefined {
    return this.#host.files.find((file) => file.path === this.opened);
  }
}
