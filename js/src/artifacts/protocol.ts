/** What the files' part of a page and the kernel say to each other. `widgets/artifacts/` is the other end. */

import type { Reply } from "../base/channel.ts";
import type { KeptFile } from "../base/run.ts";
import type { CommonAnswer } from "../base/stored.ts";

export type FilesIntent =
  | { kind: "figures" }
  | { kind: "file"; path: string }
  | { kind: "preview"; path: string }
  | { kind: "more"; path: string; start: number }
  | { kind: "rows"; path: string; offset: number; order_by: number | null; descending: boolean }
  | { kind: "close" };

export interface TablePage {
  as: "table";
  path: string;
  names: string[];
  /** As DuckDB calls them. */
  types: string[];
  columns_left_out: number;
  /** `null` where the file is too large to be counted. */
  total: number | null;
  /** Whether its columns can be ordered by. */
  can_order: boolean;
  offset: number;
  order_by: number | null;
  descending: boolean;
  page_rows: number;
}

export interface TextPart {
  as: "text";
  path: string;
  text: string;
  /** Where the next part begins; `null` at the end of the file. */
  next: number | null;
  /** Why a plainer preview is shown than the name promises. */
  note: string;
  /** What a model's description says. */
  pairs: Record<string, string>;
}

export type Preview =
  | TablePage
  | TextPart
  | { as: "image" | "audio" | "html"; path: string; media_type: string }
  | { as: "json"; path: string; text: string }
  | { as: "bytes"; path: string; note: string }
  | { as: "empty"; path: string }
  | { as: "trouble"; path: string; message: string };

export type FilesAnswer =
  | ({ kind: "preview" } & Preview)
  | { kind: "more"; path: string; text: string; next: number | null }
  | { kind: "figures"; paths: string[]; media_types: string[] }
  | { kind: "file"; path: string; media_type: string };

export type PreviewReply = Reply<{ kind: "preview" } & Preview>;

/** Whoever knows a run's files, and can ask the kernel about them. */
export interface FilesHost {
  readonly files: readonly KeptFile[];
  readonly filesLeftOut: number;
  askFiles(intent: FilesIntent): Promise<Reply<FilesAnswer | CommonAnswer> | null>;
}
