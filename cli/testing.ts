import { execFile } from "node:child_process";
import { chownSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { accountIds, asOrdinaryUser, isRoot, ORDINARY_USER } from "#scripts/process/ordinary-user.ts";

export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A home directory of the user that the product runs as. */
export function makeHome(): string {
  const home = mkdtempSync(path.join(tmpdir(), "slipway-cli-"));
  if (isRoot()) {
    const { uid, gid } = accountIds(ORDINARY_USER);
    chownSync(home, uid, gid);
  }
  return home;
}

/** Runs the `slipway` command as the user that the product runs as, with these settings and no others. */
export async function runSlipway(args: readonly string[], settings: Readonly<Record<string, string>>): Promise<CommandResult> {
  const [program, ...rest] = asOrdinaryUser([path.resolve(import.meta.dirname, "../slipway"), ...args]);
  return new Promise((resolve) => {
    execFile(program, rest, { cwd: "/", env: { NODE_ENV: "production", PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...settings }, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : typeof error.code === "number" ? error.code : -1, stdout, stderr });
    });
  });
}

const checkout = path.resolve(import.meta.dirname, "..");

/** Runs one command in a process of its own, without the change of user that root makes first. @throws where it doesn't end with 0 */
export async function runProgram(file: string, command: string, args: readonly string[], settings: Readonly<Record<string, string>>): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const program = `import { ${command} } from "./${file}"; process.exitCode = await ${command}.run(process.argv.slice(1));`;
  return promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program, "--", ...args], { cwd: checkout, env: { ...settings, NODE_ENV: "production" }, timeout: 60_000 });
}
