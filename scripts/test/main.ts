/** `npm test`, first half: what needs the rights of the one who calls it. Builds, makes a scratch place, and goes on in run.ts. */
import { chownSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { accountIds, asOrdinaryUser, ensureOrdinaryUser, isRoot, ORDINARY_USER } from "#scripts/process/ordinary-user.ts";
import { runAsOrdinaryUser } from "#scripts/process/run-as-ordinary-user.ts";
import { runOrFail } from "#scripts/process/run.ts";
import { prepareRelease } from "#scripts/up/prepare.ts";
import { runCommand } from "#scripts/up/terminal.ts";

const checkout = path.resolve(import.meta.dirname, "../..");

await runCommand(async () => {
  const scratch = mkdtempSync(path.join(tmpdir(), "slipway-test-"));
  if (isRoot()) {
    ensureOrdinaryUser();
    const { uid, gid } = accountIds(ORDINARY_USER);
    chownSync(scratch, uid, gid);
  }
  try {
    const release = await prepareRelease(checkout, { releases: path.join(scratch, "release"), forTests: true });
    process.exitCode = await runAsOrdinaryUser(path.join(release.directory, "scripts/test/run.ts"), process.argv.slice(2), {
      cwd: release.directory,
      node: release.node,
      environment: { ...release.environment, SLIPWAY_TEST_SCRATCH: scratch },
    });
  } finally {
    const [command, ...args] = asOrdinaryUser(["rm", "--recursive", "--force", "--", scratch]);
    await runOrFail(command, args, { cwd: "/", timeoutMs: 120_000 });
  }
});
