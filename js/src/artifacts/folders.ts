/** A list of paths as folders and files, and the rows of it that are in sight. */

import type { KeptFile } from "../base/run.ts";

export interface Folder {
  path: string;
  name: string;
  folders: Folder[];
  files: KeptFile[];
  /** Of all that is below it. */
  size_bytes: number;
  count: number;
}

export interface Row {
  path: string;
  name: string;
  /** From 1, as `aria-level` counts. */
  level: number;
  place: number;
  siblings: number;
  folder: Folder | null;
  file: KeptFile | null;
  isOpen: boolean;
}

/** Folders and files, each by name. A file and a folder may bear one path: it is kept by both. */
export function foldersOf(files: readonly KeptFile[]): Folder {
  const root: Folder = made("", "");
  const known = new Map([["", root]]);
  const folderAt = (path: string): Folder => {
    const found = known.get(path);
    if (found) return found;
    const at = path.lastIndexOf("/");
    const folder = made(path, path.slice(at + 1));
    known.set(path, folder);
    folderAt(path.slice(0, Math.max(at, 0))).folders.push(folder);
    return folder;
  };
  for (const file of files) {
    const home = file.path.slice(0, Math.max(file.path.lastIndexOf("/"), 0));
    folderAt(home).files.push(file);
    for (let path = home; ; path = path.slice(0, Math.max(path.lastIndexOf("/"), 0))) {
      const folder = folderAt(path);
      folder.count++;
      folder.size_bytes += file.size_bytes;
      if (path === "") break;
    }
  }
  for (const folder of known.values()) {
    folder.folders.sort(byName);
    folder.files.sort((a, b) => byText(a.path, b.path));
  }
  return root;
}

/** The rows in sight, folders before files; `isOpen` says which folders are unfolded. */
export function rowsOf(root: Folder, isOpen: (path: string) => boolean): Row[] {
  const rows: Row[] = [];
  const walk = (folder: Folder, level: number) => {
    const siblings = folder.folders.length + folder.files.length;
    folder.folders.forEach((each, i) => {
      const open = isOpen(each.path);
      rows.push({ path: each.path, name: each.name, level, place: i + 1, siblings, folder: each, file: null, isOpen: open });
      if (open) walk(each, level + 1);
    });
    folder.files.forEach((file, i) => {
      const place = folder.folders.length + i + 1;
      const name = file.path.slice(file.path.lastIndexOf("/") + 1);
      rows.push({ path: file.path, name, level, place, siblings, folder: null, file, isOpen: false });
    });
  };
  walk(root, 1);
  return rows;
}

/** The files whose path has all words of `sought` in it, whatever their case. */
export function matching(files: readonly KeptFile[], sought: string): readonly KeptFile[] {
  const words = sought.toLowerCase().split(/\s+/).filter((word) => word);
  if (!words.length) return files;
  return files.filter(({ path }) => words.every((word) => path.toLowerCase().includes(word)));
}

function made(path: string, name: string): Folder {
  return { path, name, folders: [], files: [], size_bytes: 0, count: 0 };
}

function byName(a: Folder, b: Folder): number {
  return byText(a.name, b.name);
}

/** `epoch_9` before `epoch_10`. */
function byText(a: string, b: string): number {
  return ORDER.compare(a, b);
}

const ORDER = new Intl.Collator("en", { numeric: true });
