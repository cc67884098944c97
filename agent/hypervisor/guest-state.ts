import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readIfPresent } from "../files.ts";
import { RUN_FOLDER } from "./guest-folder.ts";

/** What the agent needs to find a guest again after its own restart. */
const guestStateSchema = z.strictObject({
  pid: z.number().int().min(2),
  startTicks: z.number(),
  kind: z.enum(["instance", "appliance", "medium", "rescue"]),
  startedAt: z.iso.datetime(),
});
export type GuestState = z.infer<typeof guestStateSchema>;

function stateFile(folder: string): string {
  return join(folder, RUN_FOLDER, "guest.json");
}

/** Not made durable: it is of use only as long as the machine, and with it the guest, goes on. */
export async function saveGuestState(folder: string, state: GuestState): Promise<void> {
  await writeFile(stateFile(folder), JSON.stringify(state), { mode: 0o600 });
}

/** The guest ended and somebody took notice of it. */
export async function forgetGuestState(folder: string): Promise<void> {
  await rm(stateFile(folder), { force: true });
}

export async function loadGuestState(folder: string): Promise<GuestState | null> {
  const text = await readIfPresent(stateFile(folder));
  if (text === null) return null;
  try {
    return guestStateSchema.parse(JSON.parse(text));
  } catch {
    // Torn by a crash between creating and filling it: as good as none, the guest's processes are found by their folder.
    return null;
  }
}
