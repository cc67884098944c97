import { existsSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { runOrFail } from "#scripts/process/run.ts";
import { say } from "./terminal.ts";

const BUILD_MS = 900_000;

/** Where what is built from Debian's packages is kept, by the digest of its inputs, for every home directory of this user. */
export function cacheDirectory(name: string): string {
  return path.join(process.env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache"), "slipway", name);
}

/**
 * Runs one of the build scripts that print the directory of what they made, or had made before from the same inputs.
 *
 * @param script relative to the release, say `appliance/build`
 * @param out where it keeps what it makes
 */
export async function buildArtifact(title: string, script: string, out: string): Promise<string> {
  const release = path.resolve(import.meta.dirname, "../..");
  const { output } = await runOrFail(path.join(release, script), ["--out", out], {
    cwd: release,
    timeoutMs: BUILD_MS,
    onLine: (line) => {
      if (/^[a-z/-]+: /.test(line)) say(line);
    },
  });
  const directory = output.trimEnd().split("\n").at(-1) ?? "";
  if (!path.isAbsolute(directory) || !existsSync(directory)) throw new Error(`${script} didn't say where the ${title} is`);
  return directory;
}
