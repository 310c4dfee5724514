/** Files that leave the page. */

import { el } from "./dom.ts";

export function download(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = el("a", { attributes: { href: url, download: name } });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
