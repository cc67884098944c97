import { existsSync } from "node:fs";
import { freemem } from "node:os";
import { join } from "node:path";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { TarScript } from "../metadata/tar-scripts.ts";
import { listTarScripts } from "../metadata/tar-scripts.ts";
import { neededMemoryMib } from "./appliance-memory.ts";
import { checkSources } from "./check-sources.ts";
import { diskFile, MIB } from "./disks.ts";
import type { Install } from "./install.ts";
import { confirmsFirstBoot, firstDiskMib, hasMedium, isNewInstance, runsIn, writesInPlace } from "./order-facts.ts";
import { mediumProblem } from "./plan-medium.ts";
import type { WorkDisk } from "./work-disks.ts";

/**
 * Everything that can be known before anything is touched (design: "Checked before anything is wiped"): that the order makes sense on
 * this node, blobs, scripts for each place, image and medium, room on disk and in memory. Returns the untrusted half's scripts.
 */
export async function preflight(install: Install, disks: readonly WorkDisk[]): Promise<readonly TarScript[]> {
  const { order, instance, context } = install;
  checkOrder(install);
  await checkBlobs(install);
  if (install.record.boots || hasMedium(order) || confirmsFirstBoot(order)) await context.networks.checkNics(order.instance.nics);
  if (runsIn(order, "host") && !context.hostScripts.available) {
    throw new SlipwayError("unsupported", "This node runs no scripts of OS definitions on itself.", { field: "os.places" });
  }
  const scripts = await checkScripts(install);
  await checkSources(install, disks);
  const needed = neededMemoryMib(order) - (instance.isRunning ? (instance.record.spec?.memoryMib ?? 0) : 0);
  if (freemem() / MIB < needed) throw new SlipwayError("no_room", "The node has too little free memory for what the install runs.", { field: "instance.memoryMib" });
  return scripts;
}

function checkOrder({ order, instance }: Install): void {
  const isThere = existsSync(join(instance.folder, diskFile(0)));
  if (firstDiskMib(order) === 0) throw new SlipwayError("invalid", "The instance has no first disk to install to.", { field: "instance.disks" });
  if (isNewInstance(order) && isThere) throw new SlipwayError("exists", "The node already has a first disk of this instance.", { field: "instance.id" });
  if ((order.operation === "rename" || order.operation === "export") && !isThere) {
    throw new SlipwayError("conflict", "The instance has no disk on this node: nothing is installed.", { field: "instance.id" });
  }
  if (writesInPlace(order) && order.operation !== "rename" && order.operation !== "reinstall") throw new SlipwayError("invalid", "Only an installed system can be written to in place.", { field: "inPlace" });
  if (order.os === null && order.image === null && !hasMedium(order)) throw new SlipwayError("invalid", "There is nothing to install: no image, no medium and no OS definition.");
  if ((order.operation === "export" || order.operation === "import") && order.exportId === null) throw new SlipwayError("invalid", "The order names no export.", { field: "exportId" });
  const problem = mediumProblem(order);
  if (problem !== null) throw problem;
  checkAppliance(order);
}

function checkAppliance(order: Install["order"]): void {
  const { appliance, os } = order;
  const isNeeded = runsIn(order, "appliance") || order.package !== null || os?.verify === true;
  if (!isNeeded) return;
  if (appliance === null) throw new SlipwayError("unsupported", "The order names no appliance, and needs one.", { field: "appliance" });
  const needsFull = order.package !== null || (os?.appliance === "full" && (runsIn(order, "appliance") || os.verify));
  if (needsFull && appliance.rootDigest === null) {
    const what = os?.appliance === "full" ? "The OS definition" : "The package";
    throw new SlipwayError("unsupported", `${what} needs an appliance with a full userland, and the cluster's has none.`, { field: "appliance.rootDigest" });
  }
  const isNewer = order.package !== null || (runsIn(order, "appliance") && os?.script !== "create");
  if (isNewer && appliance.contract < 2) throw new SlipwayError("unsupported", "The cluster's appliance can only create: it keeps the first version of its contract.", { field: "appliance.contract" });
  if (os?.appliance === "small" && os.imageUse === "layer") {
    throw new SlipwayError("unsupported", "The OS definition's image is laid over a full userland, and it asks for the small appliance.", { field: "os.imageUse" });
  }
}

async function checkBlobs({ order: { appliance, os }, context }: Install): Promise<void> {
  const blobs = [
    ["appliance.kernelDigest", appliance?.kernelDigest],
    ["appliance.initrdDigest", appliance?.initrdDigest],
    ["appliance.rootDigest", appliance?.rootDigest],
    ["os.untrustedDigest", os?.untrustedDigest],
    ["os.hostDigest", os?.hostDigest],
    ["os.imageDigest", os?.imageDigest],
  ] as const;
  for (const [field, digest] of blobs) {
    if (digest === null || digest === undefined || (await context.blobs.has(digest))) continue;
    throw new SlipwayError("unknown_object", "The node doesn't have a file that the install needs.", { field });
  }
}

/** The script of the operation is there for each place in which it is to run, and `verify` where that is asked for. */
async function checkScripts({ order, context }: Install): Promise<readonly TarScript[]> {
  const { os } = order;
  if (os === null) return [];
  const read = async (digest: string | null, field: string): Promise<readonly TarScript[]> => {
    if (digest === null) return [];
    try {
      return await listTarScripts(context.blobs.path(digest));
    } catch (error) {
      throw new SlipwayError("unsupported", "An archive of the OS definition can't be read.", { field, cause: error });
    }
  };
  const untrusted = await read(os.untrustedDigest, "os.untrustedDigest");
  const has = (scripts: readonly TarScript[], wanted: string): boolean => scripts.some(({ name }) => name === wanted);
  if (runsIn(order, "appliance") && !has(untrusted, os.script)) throw new SlipwayError("unsupported", `The OS definition has no untrusted ${os.script} script.`, { field: "os.script" });
  if (runsIn(order, "host") && !has(await read(os.hostDigest, "os.hostDigest"), os.script)) {
    throw new SlipwayError("unsupported", `The OS definition has no ${os.script} script for the host.`, { field: "os.script" });
  }
  if (os.verify && !has(untrusted, "verify")) throw new SlipwayError("unsupported", "The OS definition has no untrusted verify script.", { field: "os.verify" });
  return untrusted;
}
