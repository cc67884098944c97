import { randomBytes } from "node:crypto";
import path from "node:path";
import { z } from "zod";
import type { Config } from "#lib/config/config.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { readIfPresent } from "./key-files.ts";
import { KEY_BYTES, keyId } from "./key-id.ts";

/** The file below `config.paths.keys` that holds the master key where it comes from nowhere else. */
export const MASTER_KEY_FILE = "private-parameters.json";

export interface MasterKeySource {
  readonly kind: "file" | "environment" | "credential";
  /** The file, or the setting. */
  readonly name: string;
}

/**
 * The keys that are not in the database: the current one, and older ones that something in the database may still need. The
 * object shows none of them, however it is printed.
 */
export class MasterKeys {
  readonly source: MasterKeySource;
  /** Other places that give the same current key. */
  readonly otherSources: readonly MasterKeySource[];
  /** Id of the one that encrypts. */
  readonly current: string;
  readonly #keys: ReadonlyMap<string, Uint8Array>;

  constructor(source: MasterKeySource, current: string, keys: ReadonlyMap<string, Uint8Array>, otherSources: readonly MasterKeySource[] = []) {
    this.source = source;
    this.otherSources = otherSources;
    this.current = current;
    this.#keys = keys;
  }

  get ids(): readonly string[] {
    return [...this.#keys.keys()];
  }

  get(id: string): Uint8Array | undefined {
    return this.#keys.get(id);
  }

  /** With a new key as the current one. */
  withNewKey(): MasterKeys {
    const key = randomBytes(KEY_BYTES);
    return new MasterKeys(this.source, keyId(key), new Map([...this.#keys, [keyId(key), key]]));
  }

  /** With what another source of the same current key has beside it. */
  joinedWith(other: MasterKeys): MasterKeys {
    return new MasterKeys(this.source, this.current, new Map([...other.#keys, ...this.#keys]), [...this.otherSources, other.source]);
  }

  /** With the current key and these alone. */
  keepingOnly(ids: ReadonlySet<string>): MasterKeys {
    return new MasterKeys(this.source, this.current, new Map([...this.#keys].filter(([id]) => id === this.current || ids.has(id))));
  }

  /** What the file holds: `{current, keys: {id: base64}}`. */
  toFileText(): string {
    const keys = Object.fromEntries([...this.#keys].map(([id, key]) => [id, Buffer.from(key).toString("base64")]));
    return `${JSON.stringify({ current: this.current, keys })}\n`;
  }
}

/** A first master key for a file. */
export function newMasterKeys(file: string): MasterKeys {
  const key = randomBytes(KEY_BYTES);
  return new MasterKeys({ kind: "file", name: file }, keyId(key), new Map([[keyId(key), key]]));
}

/** Where a controller looks for its master key, for messages. */
export function placesOfMasterKey(config: Pick<Config, "masterKey" | "paths">): readonly string[] {
  return ["SLIPWAY_MASTER_KEY", config.masterKey.file ?? "SLIPWAY_MASTER_KEY_FILE", config.masterKey.credential ?? "the credential slipway-master-key", path.join(config.paths.keys, MASTER_KEY_FILE)];
}

/**
 * Reads the master key from where it is: the environment, a file that SLIPWAY_MASTER_KEY_FILE names, a systemd credential, or
 * the file in `paths.keys`. Each time anew, so that a file that has changed counts; null where there is none.
 *
 * @throws SlipwayError `internal` where one can't be read, or two disagree. Nothing is written.
 */
export function readMasterKeys(config: Pick<Config, "masterKey" | "paths">): MasterKeys | null {
  const { environment, file, credential } = config.masterKey;
  const given: MasterKeys[] = [];
  if (environment !== null) given.push(parseMasterKeys({ kind: "environment", name: "SLIPWAY_MASTER_KEY" }, environment.open()));
  if (file !== null) given.push(readNamedFile({ kind: "file", name: file }));
  for (const [kind, name] of [["credential", credential], ["file", path.join(config.paths.keys, MASTER_KEY_FILE)]] as const) {
    const text = name === null ? null : readKeyText(name);
    if (name !== null && text !== null) given.push(parseMasterKeys({ kind, name }, text));
  }
  const [first, ...others] = given;
  if (first === undefined) return null;
  const other = others.find(({ current }) => current !== first.current);
  if (other !== undefined) {
    throw new SlipwayError(
      "internal",
      `${first.source.name} gives the master key ${first.current}, and ${other.source.name} gives ${other.current}: leave out the one that isn't meant. Nothing was changed.`,
    );
  }
  return others.reduce((joined, another) => joined.joinedWith(another), first);
}

function readNamedFile(source: MasterKeySource): MasterKeys {
  const text = readKeyText(source.name);
  if (text === null) throw new SlipwayError("internal", `SLIPWAY_MASTER_KEY_FILE names ${source.name}, which isn't there. Nothing was changed.`);
  return parseMasterKeys(source, text);
}

function readKeyText(file: string): string | null {
  try {
    return readIfPresent(file);
  } catch (cause) {
    throw new SlipwayError("internal", `${file} can't be read by the user that this runs as. Nothing was changed.`, { cause });
  }
}

const base64Key = z
  .base64()
  .transform((text) => Buffer.from(text, "base64"))
  .refine((key) => key.length === KEY_BYTES);
const jsonSchema = z
  .strictObject({ current: z.string(), keys: z.record(z.string(), base64Key) })
  // An id that isn't its key's own was mistyped, and would hide which key is missing.
  .refine(({ keys }) => Object.entries(keys).every(([id, key]) => id === keyId(key)))
  .refine(({ current, keys }) => Object.hasOwn(keys, current));
const MOST_KEYS = 50;

/** Either `{current, keys: {id: base64}}`, or keys in base64 with white space between them, of which the first is the current one. */
export function parseMasterKeys(source: MasterKeySource, text: string): MasterKeys {
  const parsed = text.trimStart().startsWith("{") ? parseJson(text) : parseList(text);
  // Neither the parser's error nor the text: both are the key.
  if (parsed === null) throw new SlipwayError("internal", `${source.name} holds no master key: it takes base64 of ${KEY_BYTES} bytes. Put the right one back; nothing was changed.`);
  return new MasterKeys(source, parsed.current, new Map(Object.entries(parsed.keys)));
}

function parseJson(text: string): z.output<typeof jsonSchema> | null {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return null;
  }
  return jsonSchema.safeParse(content).data ?? null;
}

function parseList(text: string): z.output<typeof jsonSchema> | null {
  const keys = z.array(base64Key).min(1).max(MOST_KEYS).safeParse(text.trim().split(/\s+/)).data;
  const current = keys?.[0];
  if (keys === undefined || current === undefined) return null;
  return { current: keyId(current), keys: Object.fromEntries(keys.map((key) => [keyId(key), key])) };
}
