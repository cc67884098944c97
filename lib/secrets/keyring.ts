import { createHmac, createPublicKey, sign } from "node:crypto";
import type { EnvelopePlace, Keyring } from "#lib/context/context.ts";
import type { Database } from "#lib/db/client.ts";
import type { NotificationListener } from "#lib/db/listen.ts";
import { CHANNELS } from "#lib/db/listen.ts";
import { publicKeyId } from "#lib/domain/dsse.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { Private, Secret } from "#lib/domain/visibility.ts";
import { privateValue, secretValue } from "#lib/domain/visibility.ts";
import type { Logger } from "#lib/logging/logger.ts";
import type { Purpose } from "./data-keys.ts";
import type { EnvelopeKey } from "./envelope.ts";
import { envelopeKey, openEnvelope, sealEnvelope } from "./envelope.ts";
import type { DataKey, LoadedKeys } from "./load-keys.ts";
import { loadKeys } from "./load-keys.ts";
import type { MasterKeys } from "./master-keys.ts";
import { signingKey } from "./receipt-key.ts";

/** Hex digits of a fingerprint: enough to see that a value changed, too few to find it by trying. */
const FINGERPRINT_DIGITS = 4;

export interface KeyringOptions {
  readonly db: Database;
  readonly notifications: NotificationListener;
  readonly log: Logger;
  /** Reads the master key anew from where it is. */
  readonly readMasters: () => MasterKeys | null;
}

/**
 * The keys of a controller process: the data keys of the database, opened with the master key, in memory. They are read anew
 * when another process has changed them. The object shows none of them, however it is printed.
 */
export async function createKeyring(options: KeyringOptions): Promise<Keyring> {
  const keyring = new DatabaseKeyring(options);
  const { notifications, log } = options;
  const reload = (): void => {
    keyring.reload().catch((error: unknown) => log.error({ error }, "the data keys can't be read; those that were read before stay in use"));
  };
  notifications.on(CHANNELS.keys, reload);
  notifications.onReconnect(reload);
  await keyring.reload();
  return keyring;
}

class DatabaseKeyring implements Keyring {
  readonly #options: KeyringOptions;
  #masters: MasterKeys | null = null;
  #keys: LoadedKeys = { privateKeys: new Map(), writing: {}, locked: [] };
  #running: Promise<void> = Promise.resolve();
  #queued: Promise<void> | null = null;

  constructor(options: KeyringOptions) {
    this.#options = options;
  }

  get sessionSecret(): Secret<string> {
    return secretValue(Buffer.from(this.#writing("sessions").key).toString("utf8"));
  }

  seal(value: Private<string>, place: EnvelopePlace): Uint8Array<ArrayBuffer> {
    const { id, key } = this.#writing("private-parameters");
    return sealEnvelope(value.open(), key, id, place);
  }

  async unseal(envelope: Uint8Array, place: EnvelopePlace): Promise<Private<string>> {
    const needed = envelopeKey(envelope);
    if (this.#find(needed) === undefined) await this.reload();
    const key = this.#find(needed);
    if (key === undefined) throw this.#missing(needed, place);
    return privateValue(openEnvelope(envelope, key, place));
  }

  fingerprint(value: Private<string>, place: { readonly scope: string; readonly name: string }): string {
    const { key, generation } = this.#writing("fingerprints");
    // One key for each instance's parameter: equal values elsewhere have nothing in common.
    const own = createHmac("sha256", key).update(JSON.stringify([place.scope, place.name])).digest();
    const digest = createHmac("sha256", own).update(value.open(), "utf8").digest("hex");
    return `k${generation}:${digest.slice(0, FINGERPRINT_DIGITS)}`;
  }

  sign(data: Uint8Array): { readonly keyId: string; readonly signature: Uint8Array } {
    const key = signingKey(this.#writing("receipts").key);
    return { keyId: publicKeyId(createPublicKey(key)), signature: sign(null, data, key) };
  }

  /** Reads master and data keys. One at a time; whoever asks while one runs gets the next, which sees all that was there when they asked. */
  reload(): Promise<void> {
    this.#queued ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#queued = null;
        this.#running = this.#load();
        return this.#running;
      });
    return this.#queued;
  }

  async #load(): Promise<void> {
    const { db, log, readMasters } = this.#options;
    this.#masters = readMasters() ?? this.#masters;
    const keys = await loadKeys(db, this.#masters);
    for (const { id, purpose, masterKeyId, isWriting } of keys.locked) {
      if (isWriting) log.error({ dataKeyId: id, purpose, masterKeyId }, "another master key writes now, which this controller doesn't have: give it that one too");
    }
    this.#keys = keys;
  }

  #find({ kind, id }: EnvelopeKey): Uint8Array | undefined {
    return kind === "data" ? this.#keys.privateKeys.get(id) : this.#masters?.get(id);
  }

  #missing({ kind, id }: EnvelopeKey, place: EnvelopePlace): SlipwayError {
    const master = kind === "master" ? id : this.#keys.locked.find((locked) => locked.id === id)?.masterKeyId;
    const what = kind === "master" ? `the master key ${id}` : master === undefined ? `the data key ${id}, which isn't in the database` : `the data key ${id} and for it the master key ${master}`;
    return new SlipwayError("internal", `the stored value of ${place.name} needs ${what}, and this controller doesn't have it`, { field: place.name });
  }

  /** Never an older one in its place: what that would write, nobody might be able to read once it is gone. */
  #writing(purpose: Purpose): DataKey {
    const key = this.#keys.writing[purpose];
    if (key !== undefined) return key;
    // It may have been given its master key meanwhile: then the next one who asks finds it.
    this.reload().catch((error: unknown) => this.#options.log.error({ error }, "the data keys can't be read"));
    const locked = this.#keys.locked.find((one) => one.purpose === purpose && one.isWriting);
    throw new SlipwayError("internal", locked === undefined ? `there is no key for ${purpose}` : `the key for ${purpose} needs the master key ${locked.masterKeyId}, which this controller doesn't have`);
  }
}
