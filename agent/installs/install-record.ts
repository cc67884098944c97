import { createHash } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { instanceSpecSchema, type InstallOrder, installStatusSchema } from "#lib/agent-protocol/messages.ts";
import { INSTALL_OPERATIONS } from "#lib/domain/install-plan.ts";
import { readRecords, TEMPORARY_SUFFIX, writeDurably } from "../files.ts";

/**
 * How far the agent's own part has come, for its restart:
 *   open       nothing of the instance's disks is changed, unless the status says `overwritten`
 *   swapping   the swap may or may not have happened; whether `disk-0.new` is still there tells
 *   committed  the new disk is the instance's disk
 *   reverting  the swap is being taken back
 *   closed     nothing is left to do but the previous disk's retention
 */
const PHASES = ["open", "swapping", "committed", "reverting", "closed"] as const;

/** What is on disk of an install. No value of a private or secret parameter is part of it. */
const installRecordSchema = z.strictObject({
  status: installStatusSchema,
  phase: z.enum(PHASES),
  /** Of the order without its private and secret values: the same id with another body is refused. */
  orderDigest: z.string(),
  operation: z.enum(INSTALL_OPERATIONS),
  completion: z.enum(["reported", "written", "first_boot"]).default("reported"),
  spec: instanceSpecSchema,
  /** Indexes of the disks that it makes anew, the first among them; none where it changes none. */
  replaces: z.array(z.number().int()).default([0]),
  /** The instance before this install, to put it back as it was. */
  previous: z.strictObject({
    spec: instanceSpecSchema.nullable(),
    hasSealedValues: z.boolean(),
    wasRunning: z.boolean(),
    hadDisk: z.boolean(),
    /** Indexes of the data disks that were there. */
    dataDisks: z.array(z.number().int()).default([]),
  }),
  /** Whether the order had values that must not be shown. */
  hasSealedValues: z.boolean(),
  boots: z.boolean(),
  bootMarker: z.string().nullable(),
  firstBootSeconds: z.number(),
  retainPreviousSeconds: z.number(),
  /** export: under which id the node keeps it. */
  exportId: z.uuid().nullable().default(null),
  /** Disks that go are overwritten first. */
  erase: z.boolean().default(false),
  /** When the previous disk goes; null: there is none, or the install isn't over. */
  previousUntil: z.iso.datetime().nullable(),
  acceptedAt: z.iso.datetime(),
  /** Numbers of log entries up to this one may have been given out. */
  reservedEntries: z.number().int(),
});
export type InstallRecord = z.infer<typeof installRecordSchema>;

/** Over everything in an order but its private and secret values, which leave no trace that could be tried out later. */
export function digestOrder(order: InstallOrder): string {
  const parameters = [...order.parameters].sort(([a], [b]) => (a < b ? -1 : 1));
  // Private and secret values serialise as a mask.
  return createHash("sha256").update(JSON.stringify({ ...order, parameters })).digest("hex");
}

/** Records of installs, a file each. */
export class InstallRecords {
  readonly #folder: string;
  readonly #writing = new Map<string, Promise<void>>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<InstallRecords> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(folder)) if (name.endsWith(TEMPORARY_SUFFIX)) await rm(join(folder, name), { force: true });
    return new InstallRecords(folder);
  }

  /** Writes of one install follow each other; the last one counts. */
  async save(record: InstallRecord): Promise<void> {
    const { id } = record.status;
    const content = JSON.stringify(installRecordSchema.parse(record));
    const before = this.#writing.get(id) ?? Promise.resolve();
    const writing = before.catch(() => undefined).then(() => writeDurably(this.#file(id), content));
    this.#writing.set(id, writing);
    try {
      await writing;
    } finally {
      if (this.#writing.get(id) === writing) this.#writing.delete(id);
    }
  }

  /** @param onUnreadable is told of a file that holds no record that this release knows */
  all(onUnreadable: (name: string, error: unknown) => void): Promise<InstallRecord[]> {
    return readRecords(this.#folder, (content) => installRecordSchema.parse(content), onUnreadable);
  }

  async remove(id: string): Promise<void> {
    await rm(this.#file(id), { force: true });
  }

  #file(id: string): string {
    return join(this.#folder, `${z.uuid().parse(id)}.json`);
  }
}
