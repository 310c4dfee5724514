/** The files as a tree, as ARIA has it: one row is in the order of tabs, arrows move among them. */

import { el, svg } from "../base/dom.ts";
import { count, sizeText } from "../base/format.ts";
import type { KeptFile } from "../base/run.ts";
import { foldersOf, matching, rowsOf, type Row } from "./folders.ts";

/** Of more files folders are folded at first. */
const FEW = 40;
/** More rows than that nobody reads: they are named by a filter. */
const MAX_ROWS = 1000;

export class Tree {
  readonly element: HTMLElement;
  #box = el("input", {
    class: "nbt-files-find",
    attributes: { type: "text", placeholder: "Filter files", "aria-label": "Filter files by name" },
  });
  #said = el("div", { class: "nbt-quiet nbt-small nbt-files-said", attributes: { role: "status" } });
  #list = el("div", { class: "nbt-files-tree", attributes: { role: "tree", "aria-label": "Files" } });
  #files: readonly KeptFile[] = [];
  #leftOut = 0;
  #rows: Row[] = [];
  /** Folders that the user has opened or closed. */
  #folds = new Map<string, boolean>();
  #at = "";
  #opened: string | null = null;
  #choose: (path: string) => void;

  constructor(choose: (path: string) => void, signal: AbortSignal) {
    this.#choose = choose;
    this.element = el("div", { class: "nbt-files-side" }, this.#box, this.#list, this.#said);
    this.#box.addEventListener("input", () => this.#draw(), { signal });
    this.#box.addEventListener("keydown", (event) => this.#pressInBox(event), { signal });
    this.#list.addEventListener("keydown", (event) => this.#press(event), { signal });
    // Whoever has the focus is where the arrows start, however it came there.
    this.#list.addEventListener("focusin", (event) => {
      const at = Number((event.target as HTMLElement).dataset.row);
      if (this.#rows[at] && keyOf(this.#rows[at]) !== this.#at) this.#move(at);
    }, { signal });
    this.#list.addEventListener("click", (event) => {
      const row = (event.target as Element).closest<HTMLElement>("[role=treeitem]");
      if (row) this.#use(this.#rows[Number(row.dataset.row)]);
    }, { signal });
  }

  show(files: readonly KeptFile[], leftOut: number, opened: string | null): void {
    this.#files = files;
    this.#leftOut = leftOut;
    this.open(opened);
  }

  /** Mark a file as the one that is open, and unfold what is above it. */
  open(path: string | null): void {
    if (path !== null && path !== this.#opened) {
      for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1)) this.#folds.set(path.slice(0, at), true);
      this.#at = rowKey(path, false);
    }
    this.#opened = path;
    this.#draw();
  }

  focus(): void {
    this.#list.querySelector<HTMLElement>("[tabindex='0']")?.focus();
  }

  #draw(): void {
    const sought = this.#box.value;
    const found = matching(this.#files, sought);
    const all = rowsOf(foldersOf(found), (path) =>
      sought.trim() ? true : (this.#folds.get(path) ?? this.#files.length <= FEW),
    );
    this.#rows = all.slice(0, MAX_ROWS);
    if (!this.#rows.some((row) => keyOf(row) === this.#at)) this.#at = this.#rows[0] ? keyOf(this.#rows[0]) : "";
    const hadFocus = this.#list.contains(document.activeElement);
    const { scrollTop } = this.#list;
    this.#list.replaceChildren(...this.#rows.map((row, i) => this.#row(row, i)));
    this.#list.scrollTop = scrollTop;
    if (hadFocus) this.focus();
    this.#said.textContent = this.#summary(found, all.length - this.#rows.length);
  }

  #summary(found: readonly KeptFile[], unseen: number): string {
    const total = this.#files.length;
    const size = sizeText(found.reduce((sum, file) => sum + file.size_bytes, 0));
    if (!found.length && total) return "No file has that in its name.";
    const said = [
      found.length === total ? `${count(total)} file${total === 1 ? "" : "s"}` : `${count(found.length)} of ${count(total)} files`,
      size,
    ];
    if (unseen > 0) said.push(`${count(unseen)} rows are not drawn: filter by name`);
    if (this.#leftOut) said.push(`${count(this.#leftOut)} more are not listed; run.list_artifacts(folder) has them`);
    return said.join(" · ");
  }

  #row(row: Row, i: number): HTMLElement {
    const { folder, file } = row;
    const size = sizeText((folder ?? file)?.size_bytes ?? 0);
    const isOpened = file !== null && file.path === this.#opened;
    const told = folder ? `folder, ${count(folder.count)} file${folder.count === 1 ? "" : "s"}, ${size}` : size;
    return el(
      "div",
      {
        class: `nbt-files-row${isOpened ? " nbt-on" : ""}`,
        title: row.path,
        attributes: {
          role: "treeitem",
          tabindex: keyOf(row) === this.#at ? 0 : -1,
          "aria-level": row.level,
          "aria-posinset": row.place,
          "aria-setsize": row.siblings,
          "aria-selected": isOpened,
          "aria-expanded": folder ? row.isOpen : undefined,
          "aria-label": `${row.name}, ${told}`,
          "data-row": i,
        },
        style: { paddingLeft: `${6 + (row.level - 1) * 14}px` },
      },
      el("span", { class: "nbt-files-twist", text: folder ? (row.isOpen ? "▾" : "▸") : "" }),
      icon(folder ? "folder" : kindOf(file!)),
      el("span", { class: "nbt-files-name", text: row.name }),
      el("span", { class: "nbt-files-size nbt-quiet", text: size }),
    );
  }

  #use(row: Row | undefined): void {
    if (!row) return;
    this.#at = keyOf(row);
    if (row.file) {
      this.#choose(row.path);
    } else if (!this.#box.value.trim()) {
      this.#folds.set(row.path, !row.isOpen);
    }
    this.#draw();
    this.focus();
  }

  #press(event: KeyboardEvent): void {
    const at = this.#rows.findIndex((row) => keyOf(row) === this.#at);
    const row = this.#rows[at];
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const above = () => this.#rows.findLastIndex((each, i) => i < at && each.level < row.level);
    switch (event.key) {
      case "ArrowDown":
        this.#move(at + 1);
        break;
      case "ArrowUp":
        this.#move(at - 1);
        break;
      case "Home":
        this.#move(0);
        break;
      case "End":
        this.#move(this.#rows.length - 1);
        break;
      case "ArrowRight":
        if (row.folder && !row.isOpen) this.#use(row);
        else if (row.folder) this.#move(at + 1);
        break;
      case "ArrowLeft":
        if (row.folder && row.isOpen) this.#use(row);
        else this.#move(above());
        break;
      case "Enter":
      case " ":
        this.#use(row);
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  #pressInBox(event: KeyboardEvent): void {
    if (event.key === "ArrowDown") {
      event.preventDefault();
      this.#move(0);
    } else if (event.key === "Escape" && this.#box.value) {
      event.preventDefault();
      this.#box.value = "";
      this.#draw();
    } else if (event.key === "Enter") {
      const first = this.#rows.find((row) => row.file);
      if (first && this.#box.value.trim()) this.#choose(first.path);
    }
  }

  #move(to: number): void {
    const row = this.#rows[to];
    if (!row) return;
    this.#at = keyOf(row);
    this.#list.querySelector("[tabindex='0']")?.setAttribute("tabindex", "-1");
    const element = this.#list.children[to] as HTMLElement | undefined;
    element?.setAttribute("tabindex", "0");
    element?.focus();
  }
}

/** A file and a folder may have one path. */
function keyOf(row: Row): string {
  return rowKey(row.path, row.folder !== null);
}

function rowKey(path: string, isFolder: boolean): string {
  return isFolder ? `${path}/` : path;
}

type Kind = "folder" | "image" | "table" | "text" | "other";

function kindOf(file: KeptFile): Kind {
  if (file.media_type.startsWith("image/")) return "image";
  if (/\.(csv|tsv|parquet)(\.gz)?$/i.test(file.path)) return "table";
  if (file.media_type.startsWith("text/") || /\.(json|ya?ml|toml|md|py|txt)$|(^|\/)MLmodel$/i.test(file.path)) return "text";
  return "other";
}

const PATHS: Record<Kind, string> = {
  folder: "M1.5 4v8.5h13v-7h-6.5l-1.5-2h-5z",
  image: "M2 3h12v10h-12zM2 11l3.5-3.5 3 3 2-2 3.5 3M10.6 6a.6.6 0 1 0 .01 0",
  table: "M2 3h12v10h-12zM2 6.3h12M2 9.6h12M6.5 3v10",
  text: "M3.5 1.5h6l3 3v10h-9zM5.5 7h5M5.5 9.5h5M5.5 12h3",
  other: "M3.5 1.5h6l3 3v10h-9zM9.5 1.5v3h3",
};

function icon(kind: Kind): SVGElement {
  return svg(
    "svg",
    { class: `nbt-files-icon nbt-icon-${kind}`, viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": true },
    svg("path", { d: PATHS[kind] }),
  );
}
