import { chownSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { accountIds, asOrdinaryUser, ensureOrdinaryUser, isRoot, ORDINARY_USER } from "#scripts/process/ordinary-user.ts";
import { runAsOrdinaryUser } from "#scripts/process/run-as-ordinary-user.ts";
import { runOrFail } from "#scripts/process/run.ts";
import type { ArtifactOptions } from "./artifacts.ts";
import type { PreparedRelease } from "./prepare.ts";
import { prepareRelease } from "./prepare.ts";

export interface ScratchOptions {
  readonly artifacts?: ArtifactOptions;
  /** What is done before, with the rights of the one who called; says what the program is told by its environment. */
  readonly first?: (release: PreparedRelease, scratch: string) => Promise<Readonly<Record<string, string>>>;
}

/**
 * Builds whatever is missing and runs a program of ours as an ordinary user, with a scratch directory of its own that is gone
 * afterwards: SLIPWAY_TEST_SCRATCH.
 *
 * @param program relative to the checkout
 * @returns its status.
 */
export async function runInScratch(checkout: string, program: string, args: readonly string[], options: ScratchOptions = {}): Promise<number> {
  const scratch = mkdtempSync(path.join(tmpdir(), "slipway-test-"));
  if (isRoot()) {
    ensureOrdinaryUser();
    const { uid, gid } = accountIds(ORDINARY_USER);
    chownSync(scratch, uid, gid);
  }
  try {
    const release = await prepareRelease(checkout, { releases: path.join(scratch, "release"), forTests: true }, options.artifacts);
    const found = await options.first?.(release, scratch);
    return await runAsOrdinaryUser(path.join(release.directory, program), args, {
      cwd: release.directory,
      node: release.node,
      environment: { ...release.environment, ...found, SLIPWAY_TEST_SCRATCH: scratch },
    });
  } finally {
    const [command, ...rest] = asOrdinaryUser(["rm", "--recursive", "--force", "--", scratch]);
    await runOrFail(command, rest, { cwd: "/", timeoutMs: 120_000 });
  }
}

/** What `runInScratch` told this process. */
export function scratchDirectory(): string {
  const scratch = process.env["SLIPWAY_TEST_SCRATCH"];
  if (scratch === undefined || scratch === "") throw new Error("this is the second half of a command; the first half says where it may write");
  return scratch;
}
