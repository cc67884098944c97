import { freemem } from "node:os";
import { packageUrlProblem, type PackageSource } from "#lib/domain/install-source.ts";
import type { Secret } from "#lib/domain/visibility.ts";
import { Digests } from "./checksum.ts";
import { openDownload } from "./download.ts";
import { FETCH_LIMITS, type FetchLimits } from "./fetch-options.ts";
import { sourceError } from "./source-error.ts";
import type { SourcePolicy } from "./source-policy.ts";
import { withNewBeginnings } from "./start-over.ts";

const FIELD = "package.url";
const MIB = 1_048_576;
/** It is held in memory. */
export const MOST_PACKAGE_BYTES = 256 * MIB;
/** Of memory that is left to everybody else: an install whose medium runs holds its package all that time. */
const RESERVE_BYTES = 256 * MIB;
/** So many bytes may come between two looks. */
const LOOK_BYTES = 8 * MIB;

export interface PackageRequest extends Pick<PackageSource, "url" | "checksum"> {
  /** `name:password` */
  readonly credentials: Secret<string> | null;
}

/** `bytes` is the caller's to overwrite when it has served. */
export interface FetchedPackage {
  readonly bytes: Buffer;
  readonly sha256: string;
}

/**
 * Fetches a personalization package into memory, and nowhere else (design: install, "it passes through the node in memory only"). What
 * was held of it when it fails is overwritten.
 *
 * @throws SlipwayError source_refused, source_failed, checksum_mismatch, too_large, no_room where the node's memory is nearly taken; the signal's own
 */
export async function fetchPackage({ url, checksum, credentials }: PackageRequest, policy: SourcePolicy, signal: AbortSignal, limits: FetchLimits = FETCH_LIMITS): Promise<FetchedPackage> {
  const problem = packageUrlProblem(url);
  if (problem !== null) throw sourceError("source_refused", `The address ${problem}.`, FIELD);
  return withNewBeginnings(FIELD, async () => {
    const { chunks } = await openDownload(url, { field: FIELD, policy, signal, credentials, mostBytes: MOST_PACKAGE_BYTES, isGzip: true, limits });
    const digests = new Digests(checksum);
    const pieces: Buffer[] = [];
    let bytes = 0;
    let looksAt = 0;
    try {
      for await (const piece of chunks) {
        pieces.push(piece);
        bytes += piece.length;
        if (bytes > looksAt) {
          // For a moment it is there twice.
          if (freemem() < RESERVE_BYTES + bytes) throw sourceError("no_room", "The node has too little free memory to hold the package.", FIELD);
          looksAt = bytes + LOOK_BYTES;
        }
        digests.update(piece);
      }
      const sha256 = digests.finish("The package", FIELD);
      return { bytes: Buffer.concat(pieces), sha256 };
    } finally {
      for (const piece of pieces) piece.fill(0);
    }
  });
}
