import { chownSync, mkdirSync } from "node:fs";
import path from "node:path";
import { accountIds, ORDINARY_USER } from "#scripts/process/ordinary-user.ts";
import { runOrFail } from "#scripts/process/run.ts";

/** Folders of a home that get a filesystem of their own, and its size in MiB: what fills one up harms nobody else. */
const DISKS = { agent: 2_048, postgres: 1_024, blobs: 1_024 } as const;

/** Makes them in the home of a scratch place, for `check:faults`; needs root. */
export async function mountSmallDisks(scratch: string): Promise<Readonly<Record<string, string>>> {
  const { uid, gid } = accountIds(ORDINARY_USER);
  const home = path.join(scratch, "home");
  mkdirSync(home, { mode: 0o700 });
  chownSync(home, uid, gid);
  for (const [name, mib] of Object.entries(DISKS)) {
    const folder = path.join(home, name);
    mkdirSync(folder, { mode: 0o700 });
    await runOrFail("mount", ["-t", "tmpfs", "-o", `size=${mib}m,uid=${uid},gid=${gid},mode=0700`, "tmpfs", folder], { cwd: "/", timeoutMs: 30_000 });
  }
  return {};
}
