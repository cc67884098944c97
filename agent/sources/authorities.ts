import { getCACertificates } from "node:tls";
import type { SourcePolicy } from "./source-policy.ts";

let known: readonly string[] | null = null;

/** Whom a server's certificate may be from: those that this node's system trusts, beside the runtime's own list. */
export function authorities(policy: SourcePolicy): string[] {
  if (policy.authorities !== undefined) return [...policy.authorities];
  known ??= [...new Set([...getCACertificates("default"), ...getCACertificates("system")])];
  return [...known];
}
