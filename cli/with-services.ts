import path from "node:path";
import type { Config } from "#lib/config/config.ts";
import { loadConfig } from "#lib/config/config.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { openServices, setupContext } from "#lib/context/open-services.ts";
import { createLogger } from "#lib/logging/logger.ts";
import { readSettings } from "#scripts/up/settings.ts";

const checkout = path.resolve(import.meta.dirname, "..");

/** The settings of the controller on this host: the environment's, and where that says nothing the home of `npm run up`. */
export function loadHostConfig(): Config {
  return loadConfig({ defaultHome: readSettings(checkout).home });
}

/**
 * Runs something on this controller's database, with its keys, in a process of its own. Its context may do everything; what
 * it does is audited as `set-up`.
 */
export async function withServices<T>(run: (ctx: RequestContext) => Promise<T>): Promise<T> {
  const config = loadHostConfig();
  const open = await openServices(config, createLogger({ level: "warn", destination: process.stderr }));
  try {
    return await run(setupContext(open.services));
  } finally {
    await open.close();
  }
}
