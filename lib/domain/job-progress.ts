/** How an install's states show in its job: which opcode runs, and what the job's log says. */
import type { OpcodeStatus } from "./ganeti-opcodes.ts";
import type { InstallOperation } from "./install-plan.ts";
import type { ActiveInstallState } from "./install-states.ts";

/** Index of the opcode that an install is in. A reinstall has shutdown, reinstall and perhaps startup; the others have one. */
export function opcodeAt(operation: InstallOperation, state: ActiveInstallState, count: number): number {
  if (operation !== "reinstall") return 0;
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

/** What a state's line says of a plan. */
export interface Stated {
  readonly operation: InstallOperation;
  readonly osType: string | null;
  readonly runs: readonly { readonly script: string }[];
  readonly medium: Readonly<Record<string, string>>;
}

/** The line of a job's log that says that a state has begun, in Ganeti's manner; null: none. */
export function stateLine(plan: Stated, state: ActiveInstallState): string | null {
  switch (state) {
    case "accepted":
    case "queued":
      return null;
    case "preparing":
      return preparing(plan.operation);
    case "imaging":
      return "* dumping the disk image...";
    case "installing":
      return installing(plan);
    case "personalizing":
      return "* laying the personalization package over the system...";
    case "verifying":
      return plan.operation === "export" ? "* checking the exported files..." : "* checking the installed system...";
    case "starting":
      return "* starting instance...";
  }
}

function preparing(operation: InstallOperation): string {
  switch (operation) {
    case "create":
    case "import":
      return "* creating instance disks...";
    case "reinstall":
      return "* preparing a new first disk...";
    case "rename":
      return "* copying the first disk...";
    case "export":
      return "* preparing the export...";
  }
}

function installing({ osType, runs, medium }: Stated): string {
  const script = runs[0]?.script;
  if (script !== undefined && osType !== null) return `* running the instance OS ${script} scripts of ${osType}...`;
  return Object.keys(medium).length > 0 ? "* booting the instance from its install medium..." : "* installing the system...";
}
