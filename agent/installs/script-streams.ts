import type { ExportFile } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { GuestStreams } from "../metadata/metadata-content.ts";
import { MIB } from "./disks.ts";
import type { Install } from "./install.ts";

/** An archive of a disk's files may be larger than the disk by what it says of each of them. */
const MORE_THAN_DISK = 1.25;
const MORE_THAN_DISK_BYTES = 64 * MIB;

/** What an export script may write for a disk, in bytes. */
export function exportCap(sizeMib: number): number {
  return Math.floor(sizeMib * MIB * MORE_THAN_DISK) + MORE_THAN_DISK_BYTES;
}

/** Takes what an export script writes for one disk: durable, with its digest, and part of the install's facts. */
export async function takeExportFile(install: Install, index: number, body: AsyncIterable<Buffer>): Promise<void> {
  const { order, context } = install;
  const disk = order.instance.disks.find((one) => one.index === index);
  if (order.operation !== "export" || order.exportId === null || disk === undefined) throw new SlipwayError("conflict", "Nothing of that disk is exported.");
  const file = await context.exports.takeExport(order.exportId, index, body, exportCap(disk.sizeMib));
  const files: ExportFile[] = [...install.record.status.facts.files, file];
  install.learn({ files: files.sort((a, b) => a.index - b.index) });
}

/** The files that an import takes in, and those that an export gives, as an appliance sees them; `null` for other scripts. */
export function scriptStreams(install: Install): GuestStreams | null {
  const { order } = install;
  if (order.operation !== "export" && order.operation !== "import") return null;
  return {
    archive: null,
    openImport: (index) => openImportFile(install, index),
    takeExport: (index, body) => takeExportFile(install, index, body),
  };
}

/** What an import script reads for a disk; null: nothing. */
export async function openImportFile({ order, context }: Install, index: number): ReturnType<GuestStreams["openImport"]> {
  const file = order.importFiles.find((one) => one.index === index);
  if (order.operation !== "import" || order.exportId === null || file === undefined) return null;
  return context.exports.open(order.exportId, file.name);
}
