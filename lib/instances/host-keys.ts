import { z } from "zod";
import { hostKeySchema } from "#lib/agent-protocol/messages.ts";
import type { HostKey } from "#lib/agent-protocol/messages.ts";
import type { HostKeyView } from "#lib/domain/network.ts";
import { parseSshPublicKey, sshFingerprint } from "#lib/domain/ssh-keys.ts";

/** What an installed system said of its SSH host keys, as it is shown; null: nothing. */
export function readHostKeys(stored: unknown): readonly HostKeyView[] | null {
  const keys = z.array(hostKeySchema).safeParse(stored).data;
  return keys === undefined ? null : keys.map(({ type, key }) => ({ type, key, fingerprint: sshFingerprint(key) }));
}

/** Those of an agent's words that are keys at all: they come from a guest. */
export function soundHostKeys(keys: readonly HostKey[]): HostKey[] {
  return keys.filter(({ type, key }) => parseSshPublicKey(`${type} ${key}`) !== null);
}
