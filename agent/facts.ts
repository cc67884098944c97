import { readFile } from "node:fs/promises";
import { availableParallelism, hostname, totalmem } from "node:os";
import { type NodeFacts, PROTOCOL_VERSION } from "#lib/agent-protocol/messages.ts";
import type { HostScripts } from "./host-scripts/host-scripts.ts";
import type { Hypervisor } from "./hypervisor/hypervisor.ts";
import { freeMib, MIB } from "./installs/disks.ts";
import type { Networks } from "./network/guest-network.ts";

export const AGENT_VERSION = "0.1.0";

/** MiB of memory that new guests could have, what the kernel would give back included. */
async function availableMemoryMib(): Promise<number> {
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(await readFile("/proc/meminfo", "utf8"))?.[1];
  return Math.floor(Number(kib ?? 0) / 1_024);
}

export interface FactsOf {
  readonly dataDir: string;
  readonly hypervisor: Hypervisor;
  readonly networks: Networks;
  readonly hostScripts: HostScripts;
  readonly imageFolders: readonly string[];
}

/** What this agent says of its machine. */
export async function gatherFacts({ dataDir, hypervisor, networks, hostScripts, imageFolders }: FactsOf): Promise<NodeFacts> {
  const disk = await freeMib(dataDir);
  const { accelerator, reason } = hypervisor.acceleration;
  return {
    protocol: PROTOCOL_VERSION,
    agentVersion: AGENT_VERSION,
    mode: networks.mode,
    hostname: hostname(),
    cpus: availableParallelism(),
    memoryTotalMib: Math.floor(totalmem() / MIB),
    memoryFreeMib: await availableMemoryMib(),
    diskTotalMib: disk.total,
    diskFreeMib: disk.free,
    accelerator,
    acceleratorReason: reason,
    qemuVersion: hypervisor.version,
    runsHostScripts: hostScripts.available,
    imageFolders: [...imageFolders],
    networking: await networks.currentFacts(),
  };
}
