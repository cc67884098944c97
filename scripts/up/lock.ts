import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { identifyProcess, isRunning } from "#scripts/process/identity.ts";
import { Refusal } from "./terminal.ts";

const holderSchema = z.strictObject({ pid: z.number(), startTicks: z.string(), bootId: z.string() });

/**
 * Lets one `up` or `down` at a time work on a home directory. A holder that is gone, in whatever way, holds nothing.
 *
 * @returns what gives it back.
 */
export function lockHome(runDirectory: string): () => void {
  const file = path.join(runDirectory, "lock");
  const own = `${file}.${process.pid}`;
  writeFileSync(own, JSON.stringify(identifyProcess(process.pid)), { mode: 0o600 });
  try {
    // A link is made whole or not at all: nobody reads a half-written lock.
    if (!tryLink(own, file)) {
      const holder = holderSchema.parse(JSON.parse(readFileSync(file, "utf8")));
      if (isRunning(holder)) throw new Refusal(`another command works on ${path.dirname(runDirectory)} (process ${holder.pid})`);
      rmSync(file, { force: true });
      if (!tryLink(own, file)) throw new Refusal(`another command works on ${path.dirname(runDirectory)}`);
    }
  } finally {
    rmSync(own);
  }
  return () => {
    rmSync(file, { force: true });
  };
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}
