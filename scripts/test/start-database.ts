import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { asOrdinaryUser, ensureOrdinaryUser, isRoot, ordinaryEnvironment } from "#scripts/process/ordinary-user.ts";

/** A PostgreSQL for tests that is gone when this process is. */
export interface TestPostgres {
  /** The migrated template, for the superuser. */
  readonly templateUrl: string;
  stop(): Promise<void>;
}

/** Starts one as an ordinary user: PostgreSQL refuses to run as root. About a second. */
export async function startTestPostgres(): Promise<TestPostgres> {
  if (isRoot()) ensureOrdinaryUser();
  const program = path.join(import.meta.dirname, "database-server.ts");
  const [command, ...args] = asOrdinaryUser([process.execPath, program]);
  const child = spawn(command, args, {
    // A directory that any user may stand in.
    cwd: "/",
    env: ordinaryEnvironment(),
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, "line"), ended.then(() => null)]);
  const templateUrl: unknown = first?.[0];
  if (typeof templateUrl !== "string") throw new Error("the tests' PostgreSQL doesn't start");
  return {
    templateUrl,
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
