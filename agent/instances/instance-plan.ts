import { existsSync } from "node:fs";
import { join } from "node:path";
import type { InstanceSpec } from "#lib/agent-protocol/messages.ts";
import type { GuestPlan } from "../hypervisor/hypervisor.ts";
import { diskFile } from "../installs/disks.ts";
import { diskSerial } from "../metadata/documents.ts";
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
    disks: spec.disks.map(({ index }) => ({ file: diskFile(index), serial: diskSerial(index), readOnly: false, unsafeCache: false })).filter(({ file }) => existsSync(join(folder, file))),
    nics,
    channel,
    datasource: spec.datasource,
  };
}
