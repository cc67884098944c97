import type { OsFileContentView } from "#lib/domain/os-definition-views.ts";

/** Longer files aren't shown as text, and not compared by line. */
export const TEXT_BYTES = 1_048_576;

export type FileText = Pick<OsFileContentView, "text" | "note">;

/** A file's content as text, or why not. `content` is null where its bytes aren't stored. */
export function readText(size: number, content: Uint8Array | null): FileText {
  if (size > TEXT_BYTES) return { text: null, note: "too large" };
  if (content === null) return { text: null, note: "not stored" };
  if (content.includes(0)) return { text: null, note: "binary" };
  try {
    // A byte order mark is part of what the file holds.
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content), note: null };
  } catch {
    return { text: null, note: "binary" };
  }
}
