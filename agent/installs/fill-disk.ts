import { rm } from "node:fs/promises";
import { join } from "node:path";
import { SlipwayError } from "#lib/domain/errors.ts";
import { copyDisk } from "../disk-orders/copy-disk.ts";
import { writeImage } from "../imaging/write-image.ts";
import { spoolFolder } from "./clear-scratch.ts";
import { createDisk, diskFile, MIB } from "./disks.ts";
import type { Install } from "./install.ts";
import { writesInPlace } from "./order-facts.ts";
import type { Prepared } from "./prepared.ts";
import { stopSystem } from "./stop-system.ts";
import { unlessAborted } from "./until.ts";

/** How often it is said how much of an image is written. */
const TELL_MS = 1_000;

/**
 * Fills the first disk before anything runs on it: with the image, streamed there while the system that is there goes on (design:
 * install, "disk image"), or for a rename with what the present one holds. In place, this is where what was on the disk is lost.
 */
export async function fillDisk(install: Install, prepared: Prepared): Promise<void> {
  const { order } = install;
  install.signal.throwIfAborted();
  const isFilled = order.image !== null || (order.operation === "rename" && !writesInPlace(order));
  if (isFilled) await install.enter("imaging");
  if (writesInPlace(order) && order.image === null) await overwrite(install, prepared);
  if (order.operation === "rename" && !writesInPlace(order)) await copyFirstDisk(install, prepared);
  if (order.image !== null) await dumpImage(install, prepared);
}

/** From here on the disk is none of its old system's: known durably before the first byte goes. */
async function overwrite(install: Install, { disks }: Prepared): Promise<void> {
  const { order, instance, context } = install;
  install.signal.throwIfAborted();
  if (!install.lease.isHeld) throw new SlipwayError("lease_expired", "No controller renewed the lease of this install in time.");
  await install.save({ status: { ...install.status, overwritten: true } });
  instance.forgetHostKeys();
  install.log.state();
  // A script that renames changes what is there.
  if (order.operation === "rename") return;
  for (const { file, sizeMib } of disks) {
    await context.eraser.discard(join(instance.folder, file), order.erase);
    // There is no room for both: the new disk comes when the old one is overwritten.
    if (order.erase) await unlessAborted(context.eraser.settled(), install.signal);
    await createDisk(instance.folder, file, sizeMib);
  }
}

async function dumpImage(install: Install, prepared: Prepared): Promise<void> {
  const { order, instance, context, progress, log } = install;
  const first = prepared.disks.find(({ index }) => index === 0);
  if (order.image === null || first === undefined) return;
  progress.begin("image");
  log.state();
  let toldAt = performance.now();
  const facts = await writeImage({
    image: order.image,
    file: join(instance.folder, first.file),
    sizeMib: first.sizeMib,
    policy: install.policy,
    spoolFolder: spoolFolder(instance.folder),
    cache: context.images,
    signal: install.signal,
    ...(writesInPlace(order) ? { beforeWrite: () => takeDisk(install, prepared) } : {}),
    onProgress: (fraction, bytes) => {
      progress.advance(fraction);
      const now = performance.now();
      if (now - toldAt < TELL_MS) return;
      toldAt = now;
      log.add({ kind: "progress", author: "agent", text: `${String(Math.floor(bytes / MIB))} MiB read`, step: "image", percent: Math.min(100, Math.floor(fraction * 1_000) / 10) });
    },
  });
  install.learn({ image: facts });
  progress.finish();
  log.state();
}

/** In place: the image is known to be there and to fit, and its first byte comes next. Only now does the old system go. */
async function takeDisk(install: Install, prepared: Prepared): Promise<void> {
  const { progress } = install;
  progress.pause();
  await stopSystem(install);
  await overwrite(install, prepared);
  progress.begin("image");
}

/** The renaming script works on a copy: the system as it is stays until the script has said that it worked. */
async function copyFirstDisk(install: Install, { disks }: Prepared): Promise<void> {
  const { instance, progress, log } = install;
  const first = disks.find(({ index }) => index === 0);
  if (first === undefined) return;
  progress.begin("copy");
  log.state();
  const target = join(instance.folder, first.file);
  await rm(target, { force: true });
  // The room was promised before anything was touched.
  await copyDisk(join(instance.folder, diskFile(0)), target, { reserve: () => Promise.resolve(), signal: install.signal });
  progress.finish();
}
