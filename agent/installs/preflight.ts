import { existsSync } from "node:fs";
import { freemem } from "node:os";
import { dirname, join } from "node:path";
import type { InstallOrder } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { ApplianceKind } from "#lib/domain/os-definition.ts";
import { listTarScripts, type TarScript } from "../metadata/tar-scripts.ts";
import { checkRoom, diskFile } from "./disks.ts";
import { firstDiskMib, type Install } from "./install.ts";

const MIB = 1_048_576;

/** MiB in which each kind of appliance works. */
const LEAST_MEMORY_MIB: Readonly<Record<ApplianceKind, number>> = { small: 256, full: 512 };

export function leastApplianceMemoryMib(kind: ApplianceKind): number {
  return LEAST_MEMORY_MIB[kind];
}

/** Memory of the appliance: the instance's own, but enough to unpack a system and no more than is of use. */
export function applianceMemoryMib({ instance, os }: InstallOrder): number {
  return Math.min(Math.max(instance.memoryMib, leastApplianceMemoryMib(os.appliance)), 2_048);
}

/**
 * Everything that can be known before anything is touched (design: "Checked before anything is wiped"): blobs, the script, room
 * on disk and in memory. Returns the definition's scripts.
 */
export async function preflight(install: Install): Promise<TarScript[]> {
  const { order, instance, context } = install;
  const { appliance, os } = order;
  if (firstDiskMib(order) === 0) throw new SlipwayError("invalid", "The instance has no first disk to install to.", { field: "instance.disks" });
  if (order.operation === "create" && existsSync(join(instance.folder, diskFile(0)))) {
    throw new SlipwayError("exists", "The node already has a first disk of this instance.", { field: "instance.id" });
  }
  const blobs = [
    ["appliance.kernelDigest", appliance.kernelDigest],
    ["appliance.initrdDigest", appliance.initrdDigest],
    ["appliance.rootDigest", appliance.rootDigest],
    ["os.untrustedDigest", os.untrustedDigest],
    ["os.imageDigest", os.imageDigest],
  ] as const;
  for (const [field, digest] of blobs) {
    if (digest === null || (await context.blobs.has(digest))) continue;
    throw new SlipwayError("unknown_object", "The node doesn't have a file that the install needs.", { field });
  }
  if (os.appliance === "full" && appliance.rootDigest === null) {
    throw new SlipwayError("unsupported", "The OS definition needs an appliance with a full userland, and the cluster's has none.", { field: "appliance.rootDigest" });
  }
  if (os.appliance === "small" && os.imageUse === "layer") {
    throw new SlipwayError("unsupported", "The OS definition's image is laid over a full userland, and it asks for the small appliance.", { field: "os.imageUse" });
  }
  if (install.record.boots) await context.networks.checkNics(order.instance.nics);
  const scripts = await readScripts(install);
  if (!scripts.some(({ name }) => name === os.script)) {
    throw new SlipwayError("unsupported", `The OS definition has no untrusted ${os.script} script.`, { field: "os.script" });
  }
  if (os.verify && !scripts.some(({ name }) => name === "verify")) {
    throw new SlipwayError("unsupported", "The OS definition has no untrusted verify script.", { field: "os.verify" });
  }
  const sizes = order.instance.disks.filter(({ index }) => index === 0 || order.operation === "create").map(({ sizeMib }) => sizeMib);
  await checkRoom(
    dirname(instance.folder),
    sizes.reduce((sum, size) => sum + size, 0),
  );
  const needed = applianceMemoryMib(order) - (instance.isRunning ? (instance.record.spec?.memoryMib ?? 0) : 0);
  if (freemem() / MIB < needed) throw new SlipwayError("no_room", "The node has too little free memory for the appliance.", { field: "instance.memoryMib" });
  return scripts;
}

async function readScripts({ order, context }: Install): Promise<TarScript[]> {
  try {
    return await listTarScripts(context.blobs.path(order.os.untrustedDigest));
  } catch (error) {
    throw new SlipwayError("unsupported", "The OS definition's archive of untrusted scripts can't be read.", { field: "os.untrustedDigest", cause: error });
  }
}
