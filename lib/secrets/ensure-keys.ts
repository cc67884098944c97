import { createHash, randomBytes } from "node:crypto";
import path from "node:path";
import { z } from "zod";
import type { Keyring } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { createPrivateFile, ensurePrivateDirectory, readIfPresent } from "./key-files.ts";
import { createKeyring, KEY_BYTES, KEY_ID_BYTES } from "./keyring.ts";

/** The files below `keys/` of the home directory. None of it is in the database. */
export const KEY_FILES = {
  /** Encrypts private parameters: `{current, keys: {id: base64}}`. Old keys stay, to read what was written with them. */
  privateParameters: "private-parameters.json",
  /** Fingerprints of private parameters, in the same form; ids are numbers. */
  fingerprints: "fingerprints.json",
  /** Signs and encrypts the console's sessions. */
  sessionSecret: "session-secret",
} as const;

const keyFileSchema = z
  .strictObject({
    current: z.string(),
    keys: z.record(z.string(), z.base64().transform((text) => Buffer.from(text, "base64"))),
  })
  .refine(({ keys }) => Object.values(keys).every((key) => key.length === KEY_BYTES))
  .refine(({ current, keys }) => Object.hasOwn(keys, current));
export type KeyFile = z.output<typeof keyFileSchema>;

/** An id that follows from the key: another key, made when this one was lost, never goes by its name. */
export function keyId(key: Uint8Array): string {
  return createHash("sha256").update("slipway key id\0").update(key).digest().subarray(0, KEY_ID_BYTES).toString("hex");
}

export interface EnsureKeysOptions {
  /** False where the database holds values that were encrypted with a key: then a missing file is an error, never made anew. */
  readonly mayCreatePrivateKey: boolean;
}

/**
 * Reads the keys of this controller and makes those that were never there.
 *
 * @param directory `config.paths.keys`; made with mode 0700.
 * @throws SlipwayError `internal` where a file is missing that is needed, or can't be read. Nothing is written over.
 */
export function ensureKeys(directory: string, options: EnsureKeysOptions): Keyring {
  ensurePrivateDirectory(directory);
  const privateFile = path.join(directory, KEY_FILES.privateParameters);
  if (!options.mayCreatePrivateKey && readIfPresent(privateFile) === null) {
    throw new SlipwayError(
      "internal",
      `${privateFile} is missing, and the database holds private parameters that only its keys can open. Put the file back; nothing was changed.`,
    );
  }
  const privateKeys = ensureKeyFile(privateFile, keyId);
  const fingerprintKeys = ensureKeyFile(path.join(directory, KEY_FILES.fingerprints), () => "1");
  return createKeyring({ privateKeys, fingerprintKeys, sessionSecret: ensureText(path.join(directory, KEY_FILES.sessionSecret)) });
}

function ensureKeyFile(file: string, nameOf: (key: Uint8Array) => string): KeyFile {
  const found = readIfPresent(file) ?? createKeyFile(file, nameOf);
  let content: unknown;
  try {
    content = JSON.parse(found);
  } catch {
    content = null; // the parser's error would quote the file
  }
  const parsed = keyFileSchema.safeParse(content);
  if (!parsed.success) throw new SlipwayError("internal", `${file} isn't a file of keys. Put the right one back; nothing was changed.`);
  return parsed.data;
}

function createKeyFile(file: string, nameOf: (key: Uint8Array) => string): string {
  const key = randomBytes(KEY_BYTES);
  const id = nameOf(key);
  const text = `${JSON.stringify({ current: id, keys: { [id]: key.toString("base64") } })}\n`;
  return createPrivateFile(file, text) ? text : readCreated(file);
}

function ensureText(file: string): string {
  const found = readIfPresent(file);
  if (found !== null) {
    if (found.trim().length < 32) throw new SlipwayError("internal", `${file} is too short to protect anything. Remove it, and every session ends.`);
    return found.trim();
  }
  const text = randomBytes(KEY_BYTES).toString("base64url");
  return createPrivateFile(file, `${text}\n`) ? text : readCreated(file).trim();
}

/** What another process that started at the same moment wrote. */
function readCreated(file: string): string {
  const text = readIfPresent(file);
  if (text === null) throw new SlipwayError("internal", `${file} went away while it was read`);
  return text;
}
