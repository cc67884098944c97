import { rm } from "node:fs/promises";
import { join } from "node:path";

/** Where an image is laid down that can't be streamed. */
export function spoolFolder(instanceFolder: string): string {
  return join(instanceFolder, "spool");
}

/** Where the files of an install medium are (agent/sources/fetch-media.ts). */
function mediaFolder(instanceFolder: string): string {
  return join(instanceFolder, "media");
}

/** Removes what an install keeps in an instance's folder for as long as it is under way. Can be repeated. */
export async function clearScratch(instanceFolder: string): Promise<void> {
  for (const folder of [spoolFolder(instanceFolder), mediaFolder(instanceFolder)]) await rm(folder, { recursive: true, force: true });
}
