/**
 * Sets up what no interface of a running controller offers: the first administrator, and contents that lie on this machine.
 * Does what it is told to and hasn't been done; says so, a line each.
 *
 *   node_modules/.bin/node server/setup.ts [--administrator NAME --password-file FILE] [--appliance DIR] [--definition DIR [--image DIR] [--root DIR]…]
 *
 * `--root`: a folder in which links of the definition's may end, beside its own.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { loadConfig } from "#lib/config/config.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { openServices, setupContext } from "#lib/context/open-services.ts";
import { registerAppliance } from "#lib/appliances/register-appliance.ts";
import { createLogger } from "#lib/logging/logger.ts";
import { readImageFolder } from "#lib/os-definitions/read-image-folder.ts";
import { registerOsDefinition } from "#lib/os-definitions/register-os-definition.ts";
import { createUser } from "#lib/users/create-user.ts";

const OPTIONS = {
  administrator: { type: "string" },
  "password-file": { type: "string" },
  appliance: { type: "string" },
  definition: { type: "string" },
  image: { type: "string" },
  root: { type: "string", multiple: true },
} as const;

async function main(): Promise<void> {
  const { values: asked } = parseArgs({ options: OPTIONS });
  const config = loadConfig();
  const open = await openServices(config, createLogger({ level: config.logLevel }));
  try {
    const ctx = setupContext(open.services);
    if (asked.administrator !== undefined) {
      const passwordFile = asked["password-file"];
      if (passwordFile === undefined) throw new Error("--password-file is missing");
      await ensureAdministrator(ctx, asked.administrator, passwordFile);
    }
    if (asked.appliance !== undefined) {
      const { digest } = await registerAppliance(ctx, { directory: asked.appliance, shipped: true });
      say(`appliance ${digest.slice(0, 12)} is registered`);
    }
    if (asked.definition !== undefined) {
      const image = asked.image === undefined ? {} : { image: await readImageFolder(asked.image) };
      const { name, version } = await registerOsDefinition(ctx, { directory: asked.definition, roots: (asked.root ?? []).map((root) => path.resolve(root)), ...image });
      say(`OS definition ${name}, version ${version ?? 0}, is registered`);
    }
  } finally {
    await open.close();
  }
}

/** Only where there is no account at all: later the administrators decide who is one, and with what password. */
async function ensureAdministrator(ctx: RequestContext, name: string, passwordFile: string): Promise<void> {
  if ((await ctx.services.db.user.count()) > 0) return;
  const password = (await readFile(passwordFile, "utf8")).trim();
  await createUser(ctx, { name, displayName: "Administrator", password, role: "administrator" });
  say(`administrator ${name} is created`);
}

function say(line: string): void {
  process.stdout.write(`setup: ${line}\n`);
}

await main();
