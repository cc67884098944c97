/** How an install's states show in its job: which opcode runs, and what the job's log says. */
import type { OpcodeStatus } from "./ganeti-opcodes.ts";
import type { ActiveInstallState } from "./install-states.ts";

/** Index of the opcode that an install is in. A reinstall has shutdown, reinstall and perhaps startup; a creation has one. */
export function opcodeAt(operation: "create" | "reinstall", state: ActiveInstallState, count: number): number {
  if (operation === "create") return 0;
  switch (state) {
    case "accepted":
    case "queued":
    case "preparing":
    case "imaging":
      return 0;
    case "installing":
    case "personalizing":
    case "verifying":
      return Math.min(1, count - 1);
    case "starting":
      return count - 1;
  }
}

/** Status of every opcode while the one at `at` runs. */
export function opcodesRunning(count: number, at: number): OpcodeStatus[] {
  return Array.from({ length: count }, (_, index) => (index < at ? "success" : index === at ? "running" : "queued"));
}

/** The line of a job's log that says that a state has begun, in Ganeti's manner; null: none. */
export function stateLine(operation: "create" | "reinstall", state: ActiveInstallState, osType: string): string | null {
  switch (state) {
    case "accepted":
    case "queued":
      return null;
    case "preparing":
      return operation === "create" ? "* creating instance disks..." : "* preparing a new first disk...";
    case "imaging":
      return "* dumping the disk image...";
    case "installing":
      return `* running the instance OS create scripts of ${osType}...`;
    case "personalizing":
      return "* laying the personalization package over the system...";
    case "verifying":
      return "* checking the installed system...";
    case "starting":
      return "* starting instance...";
  }
}
