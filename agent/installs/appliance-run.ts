import type { GuestLine } from "#lib/domain/guest-lines.ts";
import type { SerialLog } from "../logs/serial-log.ts";
import type { TarScript } from "../metadata/tar-scripts.ts";

/** What one start of the appliance is for. */
export interface ApplianceRun {
  readonly script: "create" | "verify";
  /** Where its guest lives: no two guests share a folder. */
  readonly folder: string;
  readonly serial: SerialLog;
  readonly memoryMib: number;
  readonly vcpus: number;
  /** Indexes of the new disks that it sees. */
  readonly disks: readonly number[];
  readonly scripts: readonly TarScript[];
  /** Whether a trusted script on the host may take part (agent/channel/host-pipe.ts). */
  readonly hasHostPipe: boolean;
  readonly onLine: (line: GuestLine) => void;
  /** Ends the run, beside the install's own signal, with its reason. */
  readonly signal?: AbortSignal;
  /** The guest has asked for something. */
  readonly onContact: () => void;
  /** The script has ended, by the runner's word. */
  readonly onReport: () => void;
}
