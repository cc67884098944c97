import { createHash } from "node:crypto";
import type { InstallFacts, InstallOrder } from "#lib/agent-protocol/messages.ts";

const BYTES = 4 * 1_048_576;
const MIB = 1_048_576;

/** The same for the same text, and of the form of a digest. */
function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** As if the image filled the disk. */
export function simulatedImage({ location, checksum }: NonNullable<InstallOrder["image"]>, sizeMib: number): NonNullable<InstallFacts["image"]> {
  const sha256 = checksum !== null && "sha256" in checksum ? checksum.sha256 : digestOf(location);
  return { sha256, bytes: BYTES, writtenSha256: digestOf(`${location} written`), virtualBytes: sizeMib * MIB };
}

export function simulatedArchive(url: string): NonNullable<InstallFacts["package"]> {
  return { sha256: digestOf(url), bytes: BYTES };
}

export function simulatedMedia(medium: InstallOrder["medium"]): InstallFacts["media"] {
  return Object.entries(medium)
    .filter(([name]) => name.endsWith("_path"))
    .map(([name, location]) => ({ name, sha256: digestOf(location), bytes: BYTES }));
}
