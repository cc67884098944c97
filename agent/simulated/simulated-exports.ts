import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { ExportFile } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";

/** A simulated export holds no system. */
const LARGEST_FILE_BYTES = 1_048_576;

/** Exports of a simulated node: in memory, and a few bytes each. */
export class SimulatedExports {
  readonly #files = new Map<string, Map<string, Buffer>>();

  /** What an export script would have written for a disk. */
  write(exportId: string, index: number, text: string): ExportFile {
    const bytes = Buffer.from(text);
    const name = `disk-${String(index)}.dump`;
    this.#folder(exportId).set(name, bytes);
    return { index, name, sha256: digest(bytes), bytes: bytes.length };
  }

  read(exportId: string, name: string): { stream: Readable; length: number } {
    const bytes = this.#files.get(exportId)?.get(name);
    if (bytes === undefined) throw new SlipwayError("unknown_object", "This node has no such file of that export.");
    return { stream: Readable.from([bytes]), length: bytes.length };
  }

  async put(exportId: string, name: string, sha256: string, body: AsyncIterable<Buffer>): Promise<void> {
    const parts: Buffer[] = [];
    let length = 0;
    for await (const part of body) {
      length += part.length;
      if (length > LARGEST_FILE_BYTES) throw new SlipwayError("too_large", "A simulated node takes no file of this size.");
      parts.push(part);
    }
    const bytes = Buffer.concat(parts);
    if (digest(bytes) !== sha256) throw new SlipwayError("checksum_mismatch", "The bytes don't have the sha256 that was named.", { field: "sha256" });
    this.#folder(exportId).set(name, bytes);
  }

  /** Refuses where one of an import's files isn't there. */
  check(exportId: string, files: readonly ExportFile[]): void {
    for (const { name, sha256 } of files) {
      const bytes = this.#files.get(exportId)?.get(name);
      if (bytes === undefined || digest(bytes) !== sha256) throw new SlipwayError("unknown_object", `The node hasn't got ${name} of the export.`, { field: "importFiles" });
    }
  }

  remove(exportId: string): void {
    this.#files.delete(exportId);
  }

  #folder(exportId: string): Map<string, Buffer> {
    const folder = this.#files.get(exportId) ?? new Map<string, Buffer>();
    this.#files.set(exportId, folder);
    return folder;
  }
}

function digest(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
