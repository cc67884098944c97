import { readFile } from "node:fs/promises";
import { availableParallelism, hostname, totalmem } from "node:os";
import { type NodeFacts, PROTOCOL_VERSION } from "#lib/agent-protocol/messages.ts";
import type { Hypervisor } from "./hypervisor/hypervisor.ts";
import { freeMib } from "./installs/disks.ts";
import type { Networks } from "./network/guest-network.ts";

const MIB = 1_048_576;
export const AGENT_VERSION = "0.1.0";

/** MiB of memory that new guests could have, what the kernel would give back included. */
async function availableMemoryMib(): Promise<number> {
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(await readFile("/proc/meminfo", "utf8"))?.[1];
  return Math.floor(Number(kib ?? 0) / 1_024);
}

/** What this agent says of its machine. */
export async function gatherFacts(dataDir: string, hypervisor: Hypervisor, networks: Networks): Promise<NodeFacts> {
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
    // Scripts on the host run as root, and nothing of the agent is.
    runsHostScripts: false,
    networking: await networks.currentFacts(),
  };
}
