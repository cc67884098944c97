import { spawn } from "node:child_process";
import { asOrdinaryUser, ordinaryEnvironment } from "./ordinary-user.ts";
import { whileRunning } from "./run.ts";

/**
 * Runs a program of ours in the foreground as the ordinary user, without core dumps, and waits for its end. It reads from this
 * terminal and writes to it, in a session of its own: who controls a terminal can type on it, and what that user typed on root's
 * would be carried out by root. Signals reach it.
 *
 * @returns its status.
 */
export async function runAsOrdinaryUser(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly environment: Readonly<Record<string, string>>; readonly node: string },
): Promise<number> {
  const [command, ...rest] = asOrdinaryUser(["prlimit", "--core=0:0", "--", options.node, program, ...args]);
  const child = spawn(command, rest, { cwd: options.cwd, env: ordinaryEnvironment(options.environment), stdio: "inherit", detached: true });
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status, signal) => {
      resolve(status ?? (signal === "SIGINT" ? 130 : 143));
    });
  });
  // Ctrl-C doesn't reach another session by itself; there, as here, it is for the whole group.
  return whileRunning((signal) => {
    if (signal === "SIGINT" && child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, signal);
    else child.kill(signal);
  }, ended);
}
