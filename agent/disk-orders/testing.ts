import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import type { AgentEvent, DiskOrder, InstanceSpec } from "#lib/agent-protocol/messages.ts";
import { agentEventSchema } from "#lib/agent-protocol/messages.ts";
import { BlobStore } from "../blobs/blob-store.ts";
import { Retention } from "../installs/retention.ts";
import { Rooms } from "../installs/room.ts";
import type { Instance } from "../instances/instance.ts";
import { Instances } from "../instances/instances.ts";
import { Journal } from "../journal/journal.ts";
import { SessionNetworks } from "../network/session-networks.ts";
import { exampleInstance, powerOrder } from "../testing/orders.ts";
import { ScriptedHypervisor } from "../testing/scripted-hypervisor.ts";
import { DiskOrderRecords } from "./disk-order-record.ts";
import { DiskOrders } from "./disk-orders.ts";
import { Eraser } from "./erase.ts";
import { keptDiskFile } from "./kept-disks.ts";

export const DISK_BYTES = 2 * 1_048_576;
const RETAIN_SECONDS = 3_600;

/** What of an agent works on disks, on a scratch folder, with guests that are functions. */
export interface DiskBench {
  readonly dataDir: string;
  readonly hypervisor: ScriptedHypervisor;
  readonly spec: InstanceSpec;
  readonly folder: string;
  /** Of the install whose previous disks are kept. */
  readonly installId: string;
  orders(): DiskOrders;
  instances(): Instances;
  retention(): Retention;
  eraser(): Eraser;
  instance(): Promise<Instance>;
  start(): Promise<void>;
  rollback(change?: Partial<Extract<DiskOrder, { action: "rollback" }>>): Extract<DiskOrder, { action: "rollback" }>;
  /** The first word of each file of the instance's folder that is a disk, by its name. */
  disks(folder?: string): Promise<Record<string, string>>;
  events(): AgentEvent[];
  /** As after kill -9: another agent on the same data, while what runs goes on. */
  crash(): Promise<void>;
  remove(): Promise<void>;
}

/** An instance with two disks, both of which have a previous one. */
export async function createDiskBench(): Promise<DiskBench> {
  const dataDir = await mkdtemp(join(tmpdir(), "disks-"));
  const hypervisor = new ScriptedHypervisor();
  const log = pino({ level: "silent" });
  const spec = exampleInstance({
    disks: [0, 1].map((index) => ({ id: randomUUID(), index, sizeMib: 2, name: null })),
  });
  const folder = join(dataDir, "instances", spec.id);
  const installId = randomUUID();
  await mkdir(folder, { recursive: true });
  for (const index of [0, 1]) {
    await writeFile(join(folder, `disk-${String(index)}`), disk(`now-${String(index)}`));
    await writeFile(join(folder, keptDiskFile(index, installId)), disk(`before-${String(index)}`));
  }
  const journal = Journal.inMemory();
  const open = async () => {
    const blobs = await BlobStore.open(join(dataDir, "blobs"));
    const eraser = await Eraser.open({ folder: join(dataDir, "erasing"), log });
    const instances = await Instances.open({ folder: join(dataDir, "instances"), blobs, eraser, hypervisor, networks: new SessionNetworks(log), journal, log, node: "node1" });
    await instances.recover();
    const retention = new Retention({ instances, eraser, log });
    // As the install that replaced it does, before and after a restart.
    retention.keep({ id: installId, instanceId: spec.id, until: Date.now() + RETAIN_SECONDS * 1_000, erase: false, hasSealedValues: false });
    const orders = await DiskOrders.open({ instances, eraser, retention, rooms: new Rooms(dataDir, { makeRoom: () => Promise.resolve() }), records: await DiskOrderRecords.open(join(dataDir, "disk-orders")), log });
    return { instances, eraser, retention, orders };
  };
  let parts = await open();
  const bench: DiskBench = {
    dataDir,
    hypervisor,
    spec,
    folder,
    installId,
    orders: () => parts.orders,
    instances: () => parts.instances,
    retention: () => parts.retention,
    eraser: () => parts.eraser,
    instance: () => parts.instances.get(spec.id),
    start: async () => {
      await parts.instances.power(powerOrder(spec, "start"));
    },
    rollback: (change = {}) => ({
      action: "rollback",
      orderId: randomUUID(),
      installId,
      keepAs: randomUUID(),
      retainSeconds: RETAIN_SECONDS,
      graceSeconds: 5,
      start: null,
      instance: spec,
      guestData: null,
      erase: false,
      ...change,
    }),
    disks: async (where = folder) => {
      const names = (await readdir(where)).filter((name) => name.startsWith("disk-")).sort();
      return Object.fromEntries(await Promise.all(names.map(async (name) => [name, (await readFile(join(where, name), "utf8")).split("\0")[0] ?? ""] as const)));
    },
    events: () => journal.after(0, 1_000_000).map(({ line }) => agentEventSchema.parse(JSON.parse(line))),
    crash: async () => {
      hypervisor.sever();
      await parts.retention.close();
      parts = await open();
    },
    remove: async () => {
      await parts.orders.close();
      await parts.retention.close();
      await parts.instances.release();
      await parts.eraser.close();
      await hypervisor.endAll();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  return bench;
}

function disk(word: string): Buffer {
  const bytes = Buffer.alloc(DISK_BYTES);
  bytes.write(word);
  return bytes;
}
