/** Public keys of SSH: of people, for metadata to hand out, and of hosts, as an installed system shows them. */
import { createHash } from "node:crypto";

export const SSH_KEY_TYPES = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "ssh-rsa",
  "sk-ssh-ed25519@openssh.com",
  "sk-ecdsa-sha2-nistp256@openssh.com",
] as const;
export type SshKeyType = (typeof SSH_KEY_TYPES)[number];

/** Characters of a key's line: RSA with 16,384 bits fits. */
export const SSH_KEY_LENGTH = 4_096;

export interface SshPublicKey {
  readonly type: SshKeyType;
  /** base64 */
  readonly key: string;
  readonly comment: string;
}

/** A line as ssh-keygen writes it, `type base64 comment`; null where it is anything else. No options before the type. */
export function parseSshPublicKey(line: string): SshPublicKey | null {
  if (line.length > SSH_KEY_LENGTH) return null;
  const match = /^(\S+) ([A-Za-z0-9+/]+={0,2})(?: ([^\n\r\0]*))?$/.exec(line.trim());
  const type = SSH_KEY_TYPES.find((known) => known === match?.[1]);
  const key = match?.[2];
  if (type === undefined || key === undefined) return null;
  const bytes = Buffer.from(key, "base64");
  // The type stands in the key once more, with its length before it.
  const named = bytes.length > 4 && bytes.readUInt32BE(0) === type.length && bytes.toString("latin1", 4, 4 + type.length) === type;
  return named && bytes.toString("base64") === key ? { type, key, comment: match?.[3] ?? "" } : null;
}

/** `SHA256:…`, as ssh shows it at the first connection. */
export function sshFingerprint(key: string): string {
  return `SHA256:${createHash("sha256").update(Buffer.from(key, "base64")).digest("base64").replace(/=+$/, "")}`;
}
