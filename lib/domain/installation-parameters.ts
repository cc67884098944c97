/**
 * Installation parameters: used for installs and reinstalls, never in normal running (design: install, "install medium").
 * Ganeti's names for KVM, those of them that say what the machine starts from.
 */
import { locationProblem, pathProblem } from "./image-location.ts";

const BOOT_DEVICES = ["cdrom", "disk", "floppy", "network"];
const CDROM_BUSES = ["ide", "ioemu", "mtd", "paravirtual", "pflash", "scsi", "sd"];

/** What is wrong with a value, as the end of a sentence; null: nothing. */
type Check = (value: string) => string | null;

const oneOf =
  (known: readonly string[]): Check =>
  (value) =>
    known.includes(value) ? null : `must be one of ${known.join(", ")}`;

const CHECKS: ReadonlyMap<string, Check> = new Map([
  ["boot_order", oneOf(BOOT_DEVICES)],
  ["cdrom_disk_type", oneOf(CDROM_BUSES)],
  ["cdrom_image_path", locationProblem],
  ["cdrom2_image_path", locationProblem],
  ["floppy_image_path", locationProblem],
  ["kernel_path", pathProblem],
  ["initrd_path", pathProblem],
  ["root_path", pathProblem],
  ["kernel_args", (value: string) => (/^[\x20-\x7e]+$/.test(value) ? null : "must be a line of printable ASCII")],
]);

export const INSTALLATION_PARAMETERS: readonly string[] = [...CHECKS.keys()];

/** What is wrong with one, as the end of a sentence that doesn't say the value; null: nothing. */
export function installationParameterProblem(name: string, value: string): string | null {
  const check = CHECKS.get(name);
  return check === undefined ? `is no installation parameter; there are ${INSTALLATION_PARAMETERS.join(", ")}` : check(value);
}
