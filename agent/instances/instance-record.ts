import { join } from "node:path";
import { z } from "zod";
import { instanceSpecSchema, reachSchema } from "#lib/agent-protocol/messages.ts";
import { readIfPresent, writeDurably } from "../files.ts";

/** What is on disk of an instance beside its disks. No value of a private or secret parameter. */
const instanceRecordSchema = z.strictObject({
  /** As of its last install or power order; null until one has come through. */
  spec: instanceSpecSchema.nullable(),
  /** Whether its last install had values that must not be shown: then a restarted agent doesn't log its console. */
  hasSealedValues: z.boolean(),
  /** The last power orders that were carried out. */
  powerOrders: z.array(z.uuid()).max(64),
  /** What the guest that runs was started with; null: none was since this is written down. What runs keeps it until its next start. */
  started: instanceSpecSchema.nullable().default(null),
  /** By which the user data that it was started with are known; null: it was started with none. */
  startedUserData: z.string().max(100).nullable().default(null),
  /** What was started last is the appliance with a shell. */
  rescue: z.boolean().default(false),
  /** Where its forwarded ports led at its last start: they stay where they can. */
  reach: z.array(reachSchema).max(128).default([]),
});
export type InstanceRecord = z.infer<typeof instanceRecordSchema>;

export const NEW_INSTANCE: InstanceRecord = { spec: null, hasSealedValues: false, powerOrders: [], started: null, startedUserData: null, rescue: false, reach: [] };
export const REMEMBERED_ORDERS = 64;

function recordFile(folder: string): string {
  return join(folder, "instance.json");
}

export async function loadInstanceRecord(folder: string): Promise<InstanceRecord> {
  const text = await readIfPresent(recordFile(folder));
  return text === null ? NEW_INSTANCE : instanceRecordSchema.parse(JSON.parse(text));
}

export async function saveInstanceRecord(folder: string, record: InstanceRecord): Promise<void> {
  await writeDurably(recordFile(folder), JSON.stringify(record));
}
