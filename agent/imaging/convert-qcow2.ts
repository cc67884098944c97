import { open } from "node:fs/promises";
import { sourceError } from "../sources/source-error.ts";
import { readFully } from "./direct-file.ts";
import { type Ended, type ProcessLimits, runLimited } from "./limited-process.ts";
import { HEADER_BYTES, type Qcow2Header, readQcow2Header } from "./qcow2-header.ts";

const PROGRAM = "qemu-img";
const MIB = 1_048_576;
/** It starts up to 64 threads to read and write, which reserve more than they use. */
const MEMORY_MIB = 2_048;

type Said = Readonly<Record<string, unknown>>;

interface Job {
  readonly field: string;
  readonly signal: AbortSignal;
}

/** The header of a file that is all there, and whether its disk fits. @throws SlipwayError image_refused, disk_too_small */
export async function readHeaderOf(file: string, diskBytes: number, field: string): Promise<Qcow2Header> {
  const handle = await open(file, "r");
  try {
    const head = Buffer.alloc(HEADER_BYTES);
    const header = readQcow2Header(head.subarray(0, await readFully(handle, head, 0)), field);
    checkFits(header.virtualBytes, diskBytes, field);
    return header;
  } finally {
    await handle.close();
  }
}

export function checkFits(bytes: number, diskBytes: number, field: string): void {
  if (bytes > diskBytes) throw sourceError("disk_too_small", `The image is a disk of ${String(Math.ceil(bytes / MIB))} MiB, and the instance's has ${String(diskBytes / MIB)} MiB.`, field);
}

/**
 * Looks at an image whose header was read already: as qemu-img sees it, as qcow2 and nothing else, and whether it is whole. QEMU reads
 * zeros for what a file that was cut off doesn't have; its check is what finds that.
 *
 * @throws SlipwayError image_refused
 */
export async function examineQcow2(file: string, header: Qcow2Header, { field, signal }: Job): Promise<void> {
  const limits: ProcessLimits = { memoryMib: MEMORY_MIB, cpuSeconds: 60, fileBytes: 0 };
  const look = (command: string): ReturnType<typeof runLimited> => runLimited(PROGRAM, [command, "-f", "qcow2", "--output=json", file], limits, signal);
  const [info, check] = await Promise.all([look("info"), look("check")]);
  const seen = readJson(info, [0]);
  if (seen?.["format"] !== "qcow2" || seen["virtual-size"] !== header.virtualBytes || "backing-filename" in seen || seen["encrypted"] === true || /"data-file"/.test(info.output)) {
    throw sourceError("image_refused", "The image isn't a qcow2 image that stands for itself.", field, info.complaint);
  }
  // 3: clusters that nothing refers to, which harms nobody.
  const found = readJson(check, [0, 3]);
  if (found?.["check-errors"] !== 0 || (found["corruptions"] ?? 0) !== 0) {
    throw sourceError("image_refused", "The image ends early, or is damaged.", field, check.complaint);
  }
}

/** Writes the disk that is in an image to a disk that is empty. @throws SlipwayError no_room, image_refused */
export async function convertQcow2(file: string, disk: string, diskBytes: number, { field, signal }: Job): Promise<void> {
  const limits: ProcessLimits = { memoryMib: MEMORY_MIB, cpuSeconds: 300 + Math.ceil(diskBytes / MIB / 4), fileBytes: diskBytes };
  const ended = await runLimited(PROGRAM, ["convert", "-n", "--target-is-zero", "-f", "qcow2", "-O", "raw", file, disk], limits, signal);
  if (ended.status !== 0) throw writeError(ended, "The image can't be read to its end: it is damaged.", field);
}

/** Whether a disk holds what is in an image, and nothing after it. @throws SlipwayError checksum_mismatch */
export async function compareQcow2(file: string, disk: string, diskBytes: number, { field, signal }: Job): Promise<void> {
  const limits: ProcessLimits = { memoryMib: MEMORY_MIB, cpuSeconds: 300 + Math.ceil(diskBytes / MIB / 4), fileBytes: 0 };
  const ended = await runLimited(PROGRAM, ["compare", "-f", "qcow2", "-F", "raw", file, disk], limits, signal);
  if (ended.status !== 0) throw sourceError("checksum_mismatch", "The disk gives back other bytes than are in the image.", field, ended.complaint);
}

/** An object that a program has printed; null: it ended otherwise, or printed something else. */
function readJson({ status, output }: Ended & { readonly output: string }, statuses: readonly number[]): Said | null {
  if (status === null || !statuses.includes(status)) return null;
  try {
    const value: unknown = JSON.parse(output);
    // An object's keys are looked at one by one, and each may be anything.
    return typeof value === "object" && value !== null ? (value as Said) : null;
  } catch {
    return null;
  }
}

function writeError({ complaint }: Ended, otherwise: string, field: string): Error {
  if (/Resource temporarily unavailable|annot allocate|ut of memory/.test(complaint)) return sourceError("no_room", "The node has too little memory, or too many processes, to convert the image.", field, complaint);
  return /No space left|File too large|Disk quota/.test(complaint) ? sourceError("no_room", "The node's disk is full; the image doesn't fit on it.", field, complaint) : sourceError("image_refused", otherwise, field, complaint);
}
