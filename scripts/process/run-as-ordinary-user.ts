import { spawn } from "node:child_process";
import { asOrdinaryUser, ordinaryEnvironment } from "./ordinary-user.ts";
import { whileRunning } from "./run.ts";

/**
 * Runs a program of ours in the foreground as the ordinary user, without core dumps, with this terminal, and waits for its
 * end. Signals reach it.
 *
 * @returns its status.
 */
export async function runAsOrdinaryUser(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly environment: Readonly<Record<string, string>>; readonly node: string },
): Promise<number> {
  const [command, ...rest] = asOrdinaryUser(["prlimit", "--core=0:0", "--", options.node, program, ...args]);
  const child = spawn(command, rest, { cwd: options.cwd, env: ordinaryEnvironment(options.environment), stdio: "inherit" });
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status, signal) => {
      resolve(status ?? (signal === "SIGINT" ? 130 : 143));
    });
  });
  // Ctrl-C reaches the whole group by itself; told twice, the program would not put things in order.
  return whileRunning((signal) => {
    if (signal !== "SIGINT") child.kill(signal);
  }, ended);
}
