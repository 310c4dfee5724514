/** Times of changes, in the viewer's zone. */

import { moment } from "../base/format.ts";

/** `2026-11-25`; empty for no time. */
export function day(iso: string): string {
  return iso && moment(Date.parse(iso)).slice(0, 10);
}

/** `2026-11-25 17:04`. */
export function minute(iso: string): string {
  return iso && moment(Date.parse(iso)).slice(0, 16);
}
