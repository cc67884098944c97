import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Logger } from "pino";
import type { AgentBackend } from "./api/backend.ts";
import { BlobStore } from "./blobs/blob-store.ts";
import { DiskOrderRecords } from "./disk-orders/disk-order-record.ts";
import { DiskOrders } from "./disk-orders/disk-orders.ts";
import { Eraser } from "./disk-orders/erase.ts";
import { ExportStore } from "./exports/export-store.ts";
import { gatherFacts } from "./facts.ts";
import type { HostScripts } from "./host-scripts/host-scripts.ts";
import { NO_HOST_SCRIPTS } from "./host-scripts/no-host-scripts.ts";
import type { Hypervisor } from "./hypervisor/hypervisor.ts";
import { ImageCache } from "./imaging/image-cache.ts";
import { InstallRecords } from "./installs/install-record.ts";
import { Installs } from "./installs/installs.ts";
import { Retention } from "./installs/retention.ts";
import { Rooms } from "./installs/room.ts";
import { Slots } from "./installs/slots.ts";
import { Instances } from "./instances/instances.ts";
import { Journal } from "./journal/journal.ts";
import type { Networks } from "./network/guest-network.ts";
import { OsFolders } from "./os-definitions/os-folders.ts";
import { probeSources } from "./sources/probe-sources.ts";

/** Appliances at once on each processor: two of them on two (design: machine, "at most two at once on 2 cores"). */
const APPLIANCES_PER_CPU = 1;

/** Seconds for a definition's verify script. */
const VERIFY_SECONDS = 60;

const IMAGE_CACHE_MIB = 10_240;

export interface NodeAgentOptions {
  readonly nodeName: string;
  readonly dataDir: string;
  /** Folders with OS definitions, or to which links of theirs lead. */
  readonly osRoots: readonly string[];
  readonly hypervisor: Hypervisor;
  readonly networks: Networks;
  /** Left out: this node runs none. */
  readonly hostScripts?: HostScripts;
  /** Folders of the node in which images and media may lie; left out: none. */
  readonly imageFolders?: readonly string[];
  /** MiB that images may take that are kept for another time. */
  readonly imageCacheMib?: number;
  readonly log: Logger;
  /** The journal can't be written any more: nothing that happens from here on could be told. */
  readonly onBroken: (error: unknown) => void;
  /** Left out: a minute. */
  readonly verifySeconds?: number;
}

export interface NodeAgent extends AgentBackend {
  /** Puts installs under way back and lets running instances go on without the agent. */
  close(): Promise<void>;
}

/** The real agent: what stands behind the api on a node. Opening it brings to order whatever an earlier process left. */
export async function openNodeAgent(options: NodeAgentOptions): Promise<NodeAgent> {
  const { nodeName, dataDir, osRoots, hypervisor, networks, log, onBroken, verifySeconds = VERIFY_SECONDS } = options;
  const { hostScripts = NO_HOST_SCRIPTS, imageFolders = [], imageCacheMib = IMAGE_CACHE_MIB } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const journal = await Journal.open(join(dataDir, "journal"));
  journal.once("failed", onBroken);
  const blobs = await BlobStore.open(join(dataDir, "blobs"));
  const eraser = await Eraser.open({ folder: join(dataDir, "erasing"), log });
  const instances = await Instances.open({ folder: join(dataDir, "instances"), blobs, eraser, hypervisor, networks, journal, log, node: nodeName });
  await instances.recover();
  networks.settle();
  const retention = new Retention({ instances, eraser, log });
  const exports = await ExportStore.open(join(dataDir, "exports"));
  const images = await ImageCache.open(join(dataDir, "images"), imageCacheMib);
  const rooms = new Rooms(join(dataDir, "instances"), images);
  const records = await InstallRecords.open(join(dataDir, "installs"));
  const slots = new Slots(Math.max(1, availableParallelism() * APPLIANCES_PER_CPU));
  const installs = await Installs.open({ blobs, hypervisor, networks, journal, records, eraser, retention, rooms, images, imageFolders, hostScripts, exports, slots, log, verifySeconds }, instances);
  // After the installs, which have told what they keep.
  const diskOrders = await DiskOrders.open({ instances, eraser, retention, rooms, records: await DiskOrderRecords.open(join(dataDir, "disk-orders")), log });
  const osFolders = new OsFolders(osRoots);
  return {
    journal,
    facts: () => gatherFacts({ dataDir, hypervisor, networks, hostScripts, imageFolders }),
    hasBlob: (digest) => blobs.has(digest),
    putBlob: (digest, bytes) => blobs.put(digest, bytes),
    instance: async (id) => (await instances.get(id)).runtime,
    power: (_id, order) => instances.power(order),
    wantedGuestData: () => instances.wanted(),
    putGuestData: (id, data) => instances.setGuestData(id, data),
    sendToGuest: (id, message) => instances.say(id, message),
    removeInstance: (id, _orderId, erase) => instances.remove(id, erase),
    install: (order) => installs.accept(order),
    installStatus: (id) => attempt(() => installs.status(id)),
    cancelInstall: (id) => attempt(() => installs.cancel(id)),
    completeInstall: (id) => attempt(() => installs.complete(id)),
    probeSources: (request) => probeSources(request, { allowPrivate: request.allowPrivate, folders: imageFolders }, images),
    diskOrder: (id, order) => diskOrders.carryOut(id, order),
    openConsole: (id, accept) => instances.openConsole(id, accept),
    readExportFile: (exportId, name) => exports.open(exportId, name),
    putExportFile: (exportId, name, sha256, bytes) => exports.put(exportId, name, sha256, bytes),
    removeExport: (exportId, erase) => exports.remove(exportId, { erase }),
    renewLeases: (renewal) =>
      attempt(() => {
        installs.renewLeases(renewal);
      }),
    listOsDefinitions: () => osFolders.list(),
    readOsDefinition: (name) => osFolders.read(name),
    close: async () => {
      await Promise.all([installs.close(), diskOrders.close()]);
      await retention.close();
      await instances.release();
      await networks.close();
      await eraser.close();
      await journal.flush();
    },
  };
}

/** What throws at once, as a promise that rejects. */
function attempt<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work());
  });
}
