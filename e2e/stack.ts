import { readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { runOrFail } from "#scripts/process/run.ts";
import { daemonEnvironment } from "#scripts/up/daemon-environment.ts";

const upSchema = z.object({
  consoleUrl: z.url(),
  rapiUrl: z.url(),
  caFile: z.string(),
  adminUser: z.string(),
  adminPasswordFile: z.string(),
  databaseUrlFile: z.string(),
  agents: z.array(z.object({ node: z.string(), address: z.url(), dataDir: z.string(), pid: z.number() })).min(1),
  pids: z.record(z.string(), z.number()),
});

/** A running Slipway as `npm run up` describes it. */
export interface Stack extends z.infer<typeof upSchema> {
  /** SLIPWAY_HOME */
  readonly home: string;
  readonly adminPassword: string;
  readonly databaseUrl: string;
}

export function openStack(upFile: string): Stack {
  const up = upSchema.parse(JSON.parse(readFileSync(upFile, "utf8")));
  return {
    ...up,
    home: path.dirname(path.dirname(upFile)),
    adminPassword: readFileSync(up.adminPasswordFile, "utf8").trim(),
    databaseUrl: readFileSync(up.databaseUrlFile, "utf8").trim(),
  };
}

/** Registers an OS definition of e2e/definitions, as an administrator does on the controller's host; `image`: see below. */
export async function registerDefinition(stack: Stack, name: string, image?: string): Promise<void> {
  await registerFolder(stack, path.resolve(import.meta.dirname, "definitions", name), image);
}

/** Registers an OS definition from a folder, whose name it gets; `image`: the folder of what it installs from. */
export async function registerFolder(stack: Stack, folder: string, image?: string): Promise<void> {
  const root = path.resolve(import.meta.dirname, "..");
  await runOrFail(process.execPath, [path.join(root, "server/setup.ts"), "--definition", folder, ...(image === undefined ? [] : ["--image", image])], {
    cwd: root,
    environment: daemonEnvironment({ SLIPWAY_HOME: stack.home }),
    timeoutMs: 60_000,
  });
}
