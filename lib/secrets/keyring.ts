import { createHmac } from "node:crypto";
import type { Keyring } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { Private, Secret } from "#lib/domain/visibility.ts";
import { privateValue, secretValue } from "#lib/domain/visibility.ts";
import { envelopeKeyId, openEnvelope, sealEnvelope } from "./envelope.ts";

export { KEY_ID_BYTES } from "./envelope.ts";
/** Of every key: AES-256 and HMAC-SHA-256. */
export const KEY_BYTES = 32;

export interface Keys {
  readonly current: string;
  readonly keys: Readonly<Record<string, Uint8Array>>;
}

export interface KeyMaterial {
  readonly privateKeys: Keys;
  readonly fingerprintKeys: Keys;
  readonly sessionSecret: string;
}

/** Hex digits of a fingerprint: enough to see that a value changed, too few to find it by trying. */
const FINGERPRINT_DIGITS = 4;

/** The keys of a controller process. The object itself shows none of them, however it is printed. */
export function createKeyring(material: KeyMaterial): Keyring {
  const { privateKeys, fingerprintKeys } = material;
  return new FileKeyring(privateKeys, fingerprintKeys, secretValue(material.sessionSecret));
}

class FileKeyring implements Keyring {
  readonly #private: Keys;
  readonly #fingerprints: Keys;
  readonly sessionSecret: Secret<string>;

  constructor(privateKeys: Keys, fingerprintKeys: Keys, sessionSecret: Secret<string>) {
    this.#private = privateKeys;
    this.#fingerprints = fingerprintKeys;
    this.sessionSecret = sessionSecret;
  }

  get privateKeyIds(): readonly string[] {
    return Object.keys(this.#private.keys);
  }

  seal(value: Private<string>, place: Parameters<Keyring["seal"]>[1]): Uint8Array<ArrayBuffer> {
    return sealEnvelope(value.open(), currentKey(this.#private), this.#private.current, place);
  }

  // eslint-disable-next-line @typescript-eslint/require-await
  async unseal(envelope: Uint8Array, place: Parameters<Keyring["unseal"]>[1]): Promise<Private<string>> {
    const id = envelopeKeyId(envelope);
    const key = this.#private.keys[id];
    if (key === undefined) {
      throw new SlipwayError(
        "internal",
        `the stored value of ${place.name} needs the key ${id}, which this controller's file of private parameter keys doesn't have`,
        { field: place.name },
      );
    }
    return privateValue(openEnvelope(envelope, key, place));
  }

  fingerprint(value: Private<string>, place: Parameters<Keyring["fingerprint"]>[1]): string {
    // One key for each instance's parameter: equal values elsewhere have nothing in common.
    const key = createHmac("sha256", currentKey(this.#fingerprints)).update(JSON.stringify([place.scope, place.name])).digest();
    const digest = createHmac("sha256", key).update(value.open(), "utf8").digest("hex");
    return `k${this.#fingerprints.current}:${digest.slice(0, FINGERPRINT_DIGITS)}`;
  }
}

function currentKey(keys: Keys): Uint8Array {
  const key = keys.keys[keys.current];
  if (key === undefined) throw new SlipwayError("internal", `the key ${keys.current} is missing`);
  return key;
}
