/** What a look at folders doesn't show: files that have lost their name and are still open, and files outside SLIPWAY_HOME. */
import { readdirSync, readlinkSync, statSync, type Stats } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Ledger } from "#scripts/canary/ledger.ts";

/** Removed files that some process still has open, its memory files among them. Instances' disks apart. */
export async function readDeletedFiles(ledger: Ledger): Promise<void> {
  const done = new Set<string>();
  for (const pid of names("/proc").filter((name) => /^\d+$/.test(name))) {
    for (const descriptor of names(`/proc/${pid}/fd`)) {
      const link = `/proc/${pid}/fd/${descriptor}`;
      const target = linkOf(link);
      if (target?.endsWith(" (deleted)") !== true || /\/instances\/[0-9a-f-]{36}\/disk-/.test(target)) continue;
      const found = statOf(link);
      const key = found === null ? "" : `${found.dev}:${found.ino}`;
      if (found?.isFile() !== true || done.has(key)) continue;
      done.add(key);
      await ledger.readFile("removed files held open", `removed file ${path.basename(target)}`, link);
    }
  }
}

/** Files of this user in the places for temporary files that were made or changed since `since`, in milliseconds of the clock. */
export async function readTemporaryFiles(ledger: Ledger, since: number): Promise<void> {
  const uid = process.getuid?.();
  for (const root of new Set([tmpdir(), "/tmp", "/var/tmp", "/dev/shm"])) await readBelow(root, root === tmpdir());

  async function readBelow(folder: string, isOurs: boolean): Promise<void> {
    for (const name of names(folder)) {
      const file = path.join(folder, name);
      const found = statOf(file);
      if (found === null || found.uid !== uid) continue;
      // Other runs of the tests have scratch places of their own.
      const isOther = !isOurs && /^slipway-(test|postgres)-/.test(name);
      if (found.isDirectory() && !isOther) await readBelow(file, isOurs);
      else if (found.isFile() && found.ctimeMs >= since) await ledger.readFile("temporary files", `temporary file ${name}`, file);
    }
  }
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Gone, or somebody else's.
    return [];
  }
}

function linkOf(link: string): string | null {
  try {
    return readlinkSync(link);
  } catch {
    return null;
  }
}

function statOf(file: string): Stats | null {
  try {
    return statSync(file);
  } catch {
    return null;
  }
}
