import { createHash } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type DiskOrder, diskResultSchema, instanceSpecSchema } from "#lib/agent-protocol/messages.ts";
import { readRecords, TEMPORARY_SUFFIX, writeDurably } from "../files.ts";

const diskIndexes = z.array(z.number().int().min(0).max(15)).max(16);

/** What an order is about, without what its guest may read. */
const workSchema = z.discriminatedUnion("action", [
  z.strictObject({
    action: z.literal("rollback"),
    installId: z.uuid(),
    keepAs: z.uuid(),
    /** Of the disks that go back. */
    disks: diskIndexes,
    retainSeconds: z.number().int(),
    erase: z.boolean(),
    spec: instanceSpecSchema,
    /** Power afterwards. */
    starts: z.boolean(),
    /** How it was, for when it is undone. */
    before: z.strictObject({ spec: instanceSpecSchema.nullable(), wasRunning: z.boolean(), hasSealedValues: z.boolean() }),
    /** Whether the system that comes back may show values that nobody knows any more. */
    hasSealedValues: z.boolean(),
    /** When the disks of now go; null before the swap. */
    keptUntil: z.iso.datetime().nullable(),
  }),
  z.strictObject({ action: z.literal("snapshot"), snapshotId: z.uuid(), disks: diskIndexes }),
  z.strictObject({ action: z.literal("restore-snapshot"), snapshotId: z.uuid(), disks: diskIndexes, erase: z.boolean() }),
  z.strictObject({ action: z.literal("delete-snapshot"), snapshotId: z.uuid(), erase: z.boolean() }),
]);
export type DiskWork = z.infer<typeof workSchema>;

/**
 * How far an order has come, for the agent's restart:
 *   open       undone by leaving out what it has made
 *   swapping   the first rename may or may not have happened; the files tell
 *   committed  the disks are as ordered
 *   done       the same order again gets `result`
 */
const diskOrderRecordSchema = z.strictObject({
  orderId: z.uuid(),
  instanceId: z.uuid(),
  /** Of the order without its private values: the same id with another body is refused. */
  orderDigest: z.string(),
  acceptedAt: z.iso.datetime(),
  phase: z.enum(["open", "swapping", "committed", "done"]),
  work: workSchema,
  result: diskResultSchema.nullable(),
});
export type DiskOrderRecord = z.infer<typeof diskOrderRecordSchema>;

/**
 * By which an order that comes again is known for the same one: what it is about. How it is carried out (what the instance is told, what
 * is overwritten, how long disks are kept) may have been set otherwise since a controller sent it first, and changes nothing any more.
 */
export function digestDiskOrder(instanceId: string, order: DiskOrder): string {
  return createHash("sha256").update(JSON.stringify([instanceId, order.action, ...subjectOf(order)])).digest("hex");
}

function subjectOf(order: DiskOrder): readonly unknown[] {
  switch (order.action) {
    case "rollback":
      return [order.installId, order.keepAs, order.start];
    case "snapshot":
    case "restore-snapshot":
      return [order.snapshotId, order.disks];
    case "delete-snapshot":
      return [order.snapshotId];
  }
}

/** Records of disk orders, a file each. */
export class DiskOrderRecords {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<DiskOrderRecords> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(folder)) if (name.endsWith(TEMPORARY_SUFFIX)) await rm(join(folder, name), { force: true });
    return new DiskOrderRecords(folder);
  }

  async save(record: DiskOrderRecord): Promise<void> {
    await writeDurably(this.#file(record.orderId), JSON.stringify(diskOrderRecordSchema.parse(record)));
  }

  /** @param onUnreadable is told of a file that holds no record that this release knows */
  all(onUnreadable: (name: string, error: unknown) => void): Promise<DiskOrderRecord[]> {
    return readRecords(this.#folder, (content) => diskOrderRecordSchema.parse(content), onUnreadable);
  }

  async remove(orderId: string): Promise<void> {
    await rm(this.#file(orderId), { force: true });
  }

  #file(orderId: string): string {
    return join(this.#folder, `${z.uuid().parse(orderId)}.json`);
  }
}
