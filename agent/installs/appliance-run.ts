import type { GuestLine } from "#lib/domain/guest-lines.ts";
import type { SerialLog } from "../logs/serial-log.ts";
import type { ApplianceScript } from "../metadata/documents.ts";
import type { GuestStreams } from "../metadata/metadata-content.ts";
import type { TarScript } from "../metadata/tar-scripts.ts";
import type { WorkDisk } from "./work-disks.ts";

/** What one start of the appliance is for. */
export interface ApplianceRun {
  readonly script: ApplianceScript;
  /** Where its guest lives: no two guests share a folder. */
  readonly folder: string;
  readonly serial: SerialLog;
  readonly memoryMib: number;
  readonly vcpus: number;
  /** The disks that it sees, files of `folder`. */
  readonly disks: readonly WorkDisk[];
  readonly scripts: readonly TarScript[];
  /** What it is given and gives beside documents; null: nothing. */
  readonly streams: GuestStreams | null;
  /** Called with the pipe of a trusted script on the host that takes part, before the appliance is started; null: none does. */
  readonly onPipe: ((path: string) => void) | null;
  readonly onLine: (line: GuestLine) => void;
  /** Ends the run, beside the install's own signal, with its reason. */
  readonly signal?: AbortSignal;
  /** The guest has asked for something. */
  readonly onContact: () => void;
}
