import { unlinkSync } from "node:fs";
import path from "node:path";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { Purpose } from "./data-keys.ts";
import { readIfPresent } from "./key-files.ts";
import { keyId } from "./key-id.ts";
import { parseMasterKeys } from "./master-keys.ts";

/** A key that the first release kept in a file beside the master key's, and that belongs into the database now. */
export interface FileKey {
  readonly purpose: Purpose;
  readonly id: string;
  readonly key: Uint8Array;
  readonly file: string;
}

const SHORTEST_SESSION_SECRET = 32;

/** @throws SlipwayError `internal` where a file is there and damaged. Nothing is changed. */
export function readFirstReleaseFiles(directory: string): readonly FileKey[] {
  const found: FileKey[] = [];
  const add = (purpose: Purpose, name: string, read: (file: string, text: string) => Uint8Array): void => {
    const file = path.join(directory, name);
    const text = readIfPresent(file);
    if (text === null) return;
    const key = read(file, text);
    found.push({ purpose, id: keyId(key), key, file });
  };
  add("fingerprints", "fingerprints.json", readFingerprintKey);
  add("sessions", "session-secret", readSessionSecret);
  return found;
}

/** Removes those files whose key is among these ids, that is, is in the database. @returns what was left, being another database's. */
export function removeFirstReleaseFiles(files: readonly FileKey[], storedIds: ReadonlySet<string>): readonly FileKey[] {
  for (const { id, file } of files) if (storedIds.has(id)) unlinkIfPresent(file);
  return files.filter(({ id }) => !storedIds.has(id));
}

/** `{current, keys}` as the master key's file, but that its ids are numbers. */
function readFingerprintKey(file: string, text: string): Uint8Array {
  const renamed = renameIds(text);
  const keys = parseMasterKeys({ kind: "file", name: file }, renamed);
  const key = keys.get(keys.current);
  if (key === undefined) throw new SlipwayError("internal", `${file} isn't a file of keys. Put the right one back; nothing was changed.`);
  return key;
}

/** The text of its current key alone. */
function renameIds(text: string): string {
  try {
    const content: unknown = JSON.parse(text);
    if (typeof content !== "object" || content === null || !("current" in content) || !("keys" in content)) return "";
    const { current, keys } = content;
    if (typeof current !== "string" || typeof keys !== "object" || keys === null) return "";
    const key: unknown = Object.entries(keys).find(([id]) => id === current)?.[1];
    return typeof key === "string" ? key : "";
  } catch {
    return ""; // the parser's error would quote the file
  }
}

function readSessionSecret(file: string, text: string): Uint8Array {
  const secret = text.trim();
  if (secret.length < SHORTEST_SESSION_SECRET) throw new SlipwayError("internal", `${file} is too short to protect anything. Remove it, and every session ends.`);
  return Buffer.from(secret, "utf8");
}

function unlinkIfPresent(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    // Another controller in the same home was first.
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}
