import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import type { ApplianceRef, InstanceSpec } from "#lib/agent-protocol/messages.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { GuestDisk, GuestPlan } from "../hypervisor/hypervisor.ts";
import { RESCUE_COMMAND_LINE } from "../hypervisor/qemu-arguments.ts";
import { diskFile } from "../installs/disks.ts";
import { diskSerial, ROOT_SERIAL } from "../metadata/documents.ts";
import type { GuestNetwork } from "../network/guest-network.ts";

/** How an instance runs, with the disks that it has on this node. */
export function planInstance(folder: string, spec: InstanceSpec, { nics, channel }: GuestNetwork): GuestPlan {
  return {
    kind: "instance",
    id: spec.id,
    folder,
    key: spec.id,
    vcpus: spec.vcpus,
    memoryMib: spec.memoryMib,
    boot: null,
    startsFrom: "disk",
    media: [],
    disks: ownDisks(folder, spec),
    nics,
    channel,
    datasource: spec.datasource,
  };
}

/** An appliance that can be a rescue system. */
export type RescueAppliance = ApplianceRef & { readonly rootDigest: string };

/** Memory of the full userland, part of which holds what is written outside of the disks. */
const RESCUE_MEMORY_MIB = 512;

/**
 * The appliance's full userland with a shell on the serial console and the instance's own disks (design: install, "rescue"): no NIC and
 * no channel, so that nothing is reached from it and nobody is asked for anything.
 */
export function planRescue(folder: string, spec: InstanceSpec, { kernelDigest, initrdDigest, rootDigest }: RescueAppliance, blobs: BlobStore): GuestPlan {
  const blob = (digest: string): string => relative(folder, blobs.path(digest));
  return {
    kind: "rescue",
    id: spec.id,
    folder,
    key: spec.id,
    vcpus: spec.vcpus,
    memoryMib: Math.max(spec.memoryMib, RESCUE_MEMORY_MIB),
    boot: { kernel: blob(kernelDigest), initrd: blob(initrdDigest), commandLine: RESCUE_COMMAND_LINE },
    startsFrom: "disk",
    media: [],
    disks: [...ownDisks(folder, spec), { file: blob(rootDigest), serial: ROOT_SERIAL, readOnly: true, unsafeCache: false }],
    nics: [],
    channel: null,
    datasource: "none",
  };
}

function ownDisks(folder: string, spec: InstanceSpec): GuestDisk[] {
  return spec.disks.map(({ index }) => ({ file: diskFile(index), serial: diskSerial(index), readOnly: false, unsafeCache: false })).filter(({ file }) => existsSync(join(folder, file)));
}
