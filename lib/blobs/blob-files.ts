import { createHash, randomUUID } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { copyFile, link, mkdir, open, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { digestSchema } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";

/** A file of the store: `sha256` in lower-case hex, and its length. */
export interface StoredBlob {
  readonly digest: string;
  readonly sizeBytes: number;
}

/** Where a blob lies, whether it is there or not. @throws where the digest isn't one: it becomes part of a path. */
export function blobPath(directory: string, digest: string): string {
  if (!digestSchema.safeParse(digest).success) throw new SlipwayError("invalid", "That isn't a sha256 digest.", { field: "digest" });
  return path.join(directory, digest);
}

/** The file of a blob. @throws SlipwayError `internal` where the store has lost it. */
export async function openBlob(directory: string, digest: string): Promise<{ readonly file: string; readonly sizeBytes: number }> {
  const file = blobPath(directory, digest);
  const found = await stat(file).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  });
  if (found === null) throw new SlipwayError("internal", `The content ${digest} isn't in ${directory}; register what it belongs to again.`);
  return { file, sizeBytes: found.size };
}

/**
 * Takes a copy of a file into the store. What is there is whole and has its digest for a name; the same content twice is
 * one file.
 *
 * @param expected the digest that the file must have, where it is known beforehand.
 * @throws SlipwayError `invalid`, field `digest`, where it has another.
 */
export async function importBlobFile(directory: string, source: string, expected?: string): Promise<StoredBlob> {
  return store(directory, expected, (temporary) => copyFile(source, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE));
}

/** As `importBlobFile`, for content that is in memory. */
export async function importBlobBytes(directory: string, content: Uint8Array, expected?: string): Promise<StoredBlob> {
  return store(directory, expected, (temporary) => writeFile(temporary, content, { flag: "wx" }));
}

async function store(directory: string, expected: string | undefined, write: (temporary: string) => Promise<void>): Promise<StoredBlob> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const temporary = path.join(directory, `.${randomUUID()}`);
  try {
    await write(temporary);
    // Our copy is what is measured: the source may change while it is read.
    const digest = await syncAndHash(temporary);
    if (expected !== undefined && digest !== expected) {
      throw new SlipwayError("invalid", `The file has the digest ${digest}, and ${expected} was given.`, { field: "digest" });
    }
    const { size } = await stat(temporary);
    await linkUnlessThere(temporary, blobPath(directory, digest));
    return { digest, sizeBytes: size };
  } finally {
    await rm(temporary, { force: true });
  }
}

async function syncAndHash(file: string): Promise<string> {
  const handle = await open(file, "r+");
  try {
    await handle.chmod(0o600);
    await handle.sync();
  } finally {
    await handle.close();
  }
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: 1_048_576 }), hash);
  return hash.digest("hex");
}

async function linkUnlessThere(temporary: string, target: string): Promise<void> {
  try {
    await link(temporary, target);
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error; // there already, with the same content by its name
  }
}

function errorCode(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}
