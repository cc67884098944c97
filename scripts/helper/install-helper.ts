import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { buildHelper, HELPER_PROGRAMS, helperDigest } from "./build-helper.ts";
import { HELPER_CONFIG } from "./helper-config.ts";
import type { HelperPlaces } from "./places.ts";

/** In the folder of the programs: what they were made from. */
const STAMP = ".made-from";

/**
 * Sees to it that the programs of this checkout are installed, root's and nobody else's to change, and that there are settings.
 * Settings that are there stay as they are.
 *
 * @returns what tells this build from another.
 */
export async function installHelper(checkout: string, places: HelperPlaces, say: (message: string) => void): Promise<string> {
  const digest = helperDigest(checkout);
  makeFolder(places.programs);
  const stamp = path.join(places.programs, STAMP);
  if (!isInstalled(places.programs, stamp, digest)) {
    say("building the privileged helper");
    // Beside where they go, so that each is put in its place whole.
    const building = mkdtempSync(path.join(places.programs, ".building-"));
    try {
      await buildHelper(checkout, building);
      rmSync(stamp, { force: true });
      for (const program of HELPER_PROGRAMS) {
        const made = path.join(building, program);
        chownSync(made, 0, 0);
        chmodSync(made, 0o755);
        renameSync(made, path.join(places.programs, program));
      }
      writeFileSync(stamp, digest, { mode: 0o644 });
    } finally {
      rmSync(building, { recursive: true });
    }
  }
  if (!existsSync(places.config)) {
    makeFolder(path.dirname(places.config));
    for (const hooks of ["ifup.d", "ifdown.d"]) makeFolder(path.join(path.dirname(places.config), hooks));
    writeFileSync(`${places.config}.new`, HELPER_CONFIG);
    chmodSync(`${places.config}.new`, 0o644);
    renameSync(`${places.config}.new`, places.config);
    say(`wrote ${places.config}: what guests' interfaces may be connected to`);
  }
  return digest;
}

/** Open to everybody to look into, whatever mask this process has. */
function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
}

function isInstalled(folder: string, stamp: string, digest: string): boolean {
  return existsSync(stamp) && readFileSync(stamp, "utf8") === digest && HELPER_PROGRAMS.every((program) => existsSync(path.join(folder, program)));
}
