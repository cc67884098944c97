import { formatMib } from "#components/format.ts";
import type { OsManifest } from "#lib/domain/os-definition.ts";

/** The least disk and memory that a definition asks for: `2 GiB disk, 512 MiB memory`. */
export function needsText({ minimumDiskMib, minimumMemoryMib }: Pick<OsManifest, "minimumDiskMib" | "minimumMemoryMib">): string {
  const needs = [...(minimumDiskMib === 0 ? [] : [`${formatMib(minimumDiskMib)} disk`]), ...(minimumMemoryMib === 0 ? [] : [`${formatMib(minimumMemoryMib)} memory`])];
  return needs.length === 0 ? "nothing in particular" : needs.join(", ");
}
