import type { Bed } from "./bed.ts";
import { listProcesses, type ProcessEntry, until } from "./processes.ts";

/** What a node in system mode can lose beside its agent. */
export const NODE_FAULTS = ["the helper's worker", "the whole helper", "dnsmasq"] as const;
export type NodeFault = (typeof NODE_FAULTS)[number];

/** `kill -9`, and whatever looks after it has another there. */
export async function strike(bed: Bed, fault: NodeFault): Promise<void> {
  switch (fault) {
    case "the helper's worker":
      return killAndReplace(bed, "slipway-helper");
    case "the whole helper":
      return replaceHelper(bed);
    case "dnsmasq":
      return killAndReplace(bed, "dnsmasq");
  }
}

async function killAndReplace(bed: Bed, name: string): Promise<void> {
  const killed = helperProcess(bed, name);
  process.kill(killed.pid, "SIGKILL");
  await until(`another ${name}`, () => (bed.helper.processes().some((one) => one.name === name && one.pid !== killed.pid) ? true : null));
}

/** Kills all of it, and starts it again as whatever looks after the node's services does. */
async function replaceHelper(bed: Bed): Promise<void> {
  const pids = [bed.helper.pid, helperProcess(bed, "slipway-helper").pid];
  for (const pid of pids) process.kill(pid, "SIGKILL");
  await until("the end of the helper", () => (listProcesses().some((one) => pids.includes(one.pid) && one.state !== "Z") ? null : true));
  bed.helper = await bed.helper.restart();
}

function helperProcess(bed: Bed, name: string): ProcessEntry {
  const found = bed.helper.processes().find((one) => one.name === name);
  if (found === undefined) throw new Error(`the helper has no ${name}`);
  return found;
}
