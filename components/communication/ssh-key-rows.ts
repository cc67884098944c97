import { parseSshPublicKey, sshFingerprint } from "#lib/domain/ssh-keys.ts";

/** An SSH key as it is shown. Made on the server, which has the digests. */
export interface SshKeyRow {
  /** The whole line, by which it is removed and kept. */
  readonly line: string;
  readonly type: string;
  readonly fingerprint: string | null;
  readonly comment: string;
}

export function sshKeyRows(lines: readonly string[]): readonly SshKeyRow[] {
  return lines.map((line) => {
    const key = parseSshPublicKey(line);
    return key === null ? { line, type: "unknown", fingerprint: null, comment: "" } : { line, type: key.type, fingerprint: sshFingerprint(key.key), comment: key.comment };
  });
}
