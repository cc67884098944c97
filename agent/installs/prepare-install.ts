import { mkdir } from "node:fs/promises";
import { fetchMedia, type FetchedMedia } from "../sources/fetch-media.ts";
import { fetchPackage } from "../sources/fetch-package.ts";
import { clearScratch, spoolFolder } from "./clear-scratch.ts";
import { createDisk } from "./disks.ts";
import type { Install } from "./install.ts";
import { hasMedium, writesInPlace } from "./order-facts.ts";
import { preflight } from "./preflight.ts";
import { type Prepared, wipe } from "./prepared.ts";
import { runVerify } from "./run-verify.ts";
import { discardNew } from "./swap-disks.ts";
import { workDisks } from "./work-disks.ts";

/**
 * Everything that can be done while the system that is there goes on (design: install, "Checked before anything is wiped", "image and
 * package are fetched first"): checks, the package into memory, the medium's files, new disks, the definition's look at the parameters.
 */
export async function prepareInstall(install: Install): Promise<Prepared> {
  const { order, instance, context, progress } = install;
  await install.enter("preparing");
  progress.begin("prepare");
  await install.preparePatterns();
  const disks = workDisks(install);
  const scripts = await preflight(install, disks);
  if (order.appliance !== null) {
    const { kernelDigest, initrdDigest } = order.appliance;
    await context.hypervisor.probe({ kernel: context.blobs.path(kernelDigest), initrd: context.blobs.path(initrdDigest) });
  }
  await mkdir(instance.folder, { recursive: true, mode: 0o700 });
  await clearScratch(instance.folder);
  // What an earlier install couldn't take away must not become a disk with this one's swap.
  await discardNew(instance.folder, order.id, [], { eraser: context.eraser, erase: order.erase });
  if (order.image !== null) await mkdir(spoolFolder(instance.folder), { mode: 0o700 });
  if (order.operation !== "export" && order.operation !== "rename" && !writesInPlace(order)) {
    for (const { file, sizeMib } of disks) await createDisk(instance.folder, file, sizeMib);
  }
  progress.finish();
  const archive = await takePackage(install);
  try {
    const media = await takeMedia(install);
    await runVerify(install, scripts);
    install.signal.throwIfAborted();
    return { scripts, disks, archive, media };
  } catch (error) {
    wipe(archive);
    throw error;
  }
}

/** The package, whole and in memory alone. */
async function takePackage(install: Install): Promise<Buffer | null> {
  const { order, progress, log, signal } = install;
  if (order.package === null) return null;
  signal.throwIfAborted();
  progress.begin("package");
  log.state();
  const { bytes, sha256 } = await fetchPackage(order.package, install.policy, signal);
  install.learn({ package: { sha256, bytes: bytes.length } });
  progress.finish();
  return bytes;
}

async function takeMedia(install: Install): Promise<FetchedMedia["files"] | null> {
  const { order, instance, progress, log, signal } = install;
  if (!hasMedium(order)) return null;
  signal.throwIfAborted();
  progress.begin("media");
  log.state();
  const { files, facts } = await fetchMedia(order.medium, instance.folder, install.policy, signal, (fraction) => {
    if (fraction !== null) progress.advance(fraction);
  });
  install.learn({ media: facts });
  progress.finish();
  return files;
}
