import type { DiskImage, Medium } from "#lib/domain/install-source.ts";

/** `qcow2`, `raw, gzip`. */
export function imageForm({ format, compression }: Pick<DiskImage, "format" | "compression">): string {
  return compression === "none" ? format : `${format}, ${compression}`;
}

/** What a medium is, in a few words: what the machine starts from. */
export function mediumText(medium: Medium): string {
  const names = Object.keys(medium).filter((name) => (medium[name] ?? "").trim() !== "");
  const first = ["kernel_path", "cdrom_image_path", "floppy_image_path"].find((name) => names.includes(name));
  if (first !== undefined) return medium[first] ?? "";
  return names.length === 0 ? "none" : (medium["boot_order"] ?? names.join(", "));
}
