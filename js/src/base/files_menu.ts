/** What can be taken away from a picture: PNG, SVG, and its data. */

import { download } from "./download.ts";
import { isDark, lookOf } from "./palette.ts";
import type { MenuEntry } from "./popover.ts";

export interface Savable {
  svg(theme: "light" | "dark"): Promise<string | null>;
  csv(): Promise<string | null>;
}

/** The entries of a menu that save `view` as files called `file`. */
export function fileEntries(view: Savable, root: HTMLElement, file: string): MenuEntry[] {
  const drawn = () => view.svg(isDark(lookOf(root).page) ? "dark" : "light");
  return [
    { label: "Save as PNG", run: () => void drawn().then((text) => (text ? savePng(text, `${file}.png`) : undefined)) },
    {
      label: "Save as SVG",
      run: () => void drawn().then((text) => text && download(new Blob([text], { type: SVG }), `${file}.svg`)),
    },
    {
      label: "Save the data as CSV",
      run: () =>
        void view.csv().then((text) => text !== null && download(new Blob([text], { type: "text/csv" }), `${file}.csv`)),
    },
  ];
}

const SVG = "image/svg+xml";
/** Twice the pixels, as screens have them. */
const SCALE = 2;

async function savePng(text: string, name: string): Promise<void> {
  const address = URL.createObjectURL(new Blob([text], { type: SVG }));
  try {
    const picture = new Image();
    picture.src = address;
    await picture.decode();
    const canvas = document.createElement("canvas");
    canvas.width = picture.naturalWidth * SCALE;
    canvas.height = picture.naturalHeight * SCALE;
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((content) => content && download(content, name));
  } finally {
    URL.revokeObjectURL(address);
  }
}
