import type { Checksum, DiskImage } from "#lib/domain/install-source.ts";

/** `qcow2`, `raw, gzip`. */
export function imageForm({ format, compression }: Pick<DiskImage, "format" | "compression">): string {
  return compression === "none" ? format : `${format}, ${compression}`;
}

/** `sha256:91ac…` as a whole, for where it is copied or compared. */
export function checksumWords(checksum: Checksum | null): string | null {
  if (checksum === null) return null;
  return "sha256" in checksum ? `sha256:${checksum.sha256}` : `sha512:${checksum.sha512}`;
}
