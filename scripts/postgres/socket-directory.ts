import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync } from "node:fs";
import path from "node:path";

/** What the kernel takes as a unix socket's path, in bytes, less what PostgreSQL appends: `/.s.PGSQL.5432.lock`. */
const LONGEST = 107 - 20;

/**
 * Where PostgreSQL's socket lies: beside its data, or, where that path is too long for a socket, in a directory of this user
 * below XDG_RUNTIME_DIR or /tmp. Made if missing; refused if it belongs to somebody else.
 */
export function socketDirectory(directory: string): string {
  const beside = path.join(directory, "socket");
  const name = `slipway-${createHash("sha256").update(directory).digest("hex").slice(0, 16)}`;
  const chosen = Buffer.byteLength(beside) <= LONGEST ? beside : path.join(process.env["XDG_RUNTIME_DIR"] ?? "/tmp", name);
  mkdirSync(chosen, { recursive: true, mode: 0o700 });
  const status = lstatSync(chosen);
  if (!status.isDirectory() || status.uid !== process.getuid?.()) throw new Error(`${chosen} belongs to somebody else`);
  chmodSync(chosen, 0o700);
  return chosen;
}
