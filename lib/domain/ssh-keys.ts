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

/** A line as ssh-keygen writes it, `type base64 comment`, with a whole key; null where it is anything else. No options before the type. */
export function parseSshPublicKey(line: string): SshPublicKey | null {
  if (line.length > SSH_KEY_LENGTH) return null;
  const match = /^(\S+) ([A-Za-z0-9+/]+={0,2})(?: ([^\n\r\0]*))?$/.exec(line.trim());
  const type = SSH_KEY_TYPES.find((known) => known === match?.[1]);
  const key = match?.[2];
  if (type === undefined || key === undefined) return null;
  const bytes = Buffer.from(key, "base64");
  return bytes.toString("base64") === key && isWhole(type, bytes) ? { type, key, comment: match?.[3] ?? "" } : null;
}

/** Bytes of what is public of a key on Edwards' curve 25519. */
const ED25519_BYTES = 32;
/** A point, uncompressed: one byte that says so, and two coordinates. */
const UNCOMPRESSED = 4;
const CURVES = { nistp256: 65, nistp384: 97, nistp521: 133 } as const;
/** Bits of RSA's modulus: what OpenSSH takes at all, and its own upper limit. */
const RSA_BITS = { min: 1_024, max: 16_384 } as const;

type Field = (bytes: Buffer) => boolean;

/** Fields of a type's key behind its name, as RFC 4253, 5656, 8709 and OpenSSH's PROTOCOL.u2f have them. */
function fieldsOf(type: SshKeyType): readonly Field[] {
  switch (type) {
    case "ssh-ed25519":
      return [isEd25519];
    case "sk-ssh-ed25519@openssh.com":
      return [isEd25519, isApplication];
    case "ecdsa-sha2-nistp256":
      return pointOn("nistp256");
    case "ecdsa-sha2-nistp384":
      return pointOn("nistp384");
    case "ecdsa-sha2-nistp521":
      return pointOn("nistp521");
    case "sk-ecdsa-sha2-nistp256@openssh.com":
      return [...pointOn("nistp256"), isApplication];
    case "ssh-rsa":
      return [(exponent) => isOdd(exponent) && bitsOf(exponent) > 1, (modulus) => isOdd(modulus) && bitsOf(modulus) >= RSA_BITS.min && bitsOf(modulus) <= RSA_BITS.max];
  }
}

function pointOn(curve: keyof typeof CURVES): readonly Field[] {
  return [(name) => name.toString("latin1") === curve, (point) => point.length === CURVES[curve] && point[0] === UNCOMPRESSED];
}

function isEd25519(bytes: Buffer): boolean {
  return bytes.length === ED25519_BYTES;
}

/** What a key on a token is for: `ssh:`, or `ssh:` and a name. */
function isApplication(bytes: Buffer): boolean {
  return bytes.toString("latin1").startsWith("ssh:");
}

/** Bits of a positive number in as few bytes as it takes; -1: it isn't one. */
function bitsOf(bytes: Buffer): number {
  const [first = 0, second = 0] = bytes;
  if (bytes.length === 0 || first >= 128) return -1;
  if (first > 0) return (bytes.length - 1) * 8 + 32 - Math.clz32(first);
  return second >= 128 ? (bytes.length - 1) * 8 : -1;
}

function isOdd(bytes: Buffer): boolean {
  return ((bytes.at(-1) ?? 0) & 1) === 1;
}

/** Whether a key has its type's name and fields, each with its length before it, and nothing behind them. */
function isWhole(type: SshKeyType, bytes: Buffer): boolean {
  let at = 0;
  for (const isSound of [(name: Buffer) => name.toString("latin1") === type, ...fieldsOf(type)]) {
    if (bytes.length < at + 4) return false;
    const from = at + 4;
    at = from + bytes.readUInt32BE(at);
    if (at > bytes.length || !isSound(bytes.subarray(from, at))) return false;
  }
  return at === bytes.length;
}

/** `SHA256:…`, as ssh shows it at the first connection. */
export function sshFingerprint(key: string): string {
  return `SHA256:${createHash("sha256").update(Buffer.from(key, "base64")).digest("base64").replace(/=+$/, "")}`;
}
