import { existsSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import type { HelperAddress } from "#scripts/helper/places.ts";
import { isRoot, ORDINARY_HOME } from "#scripts/process/ordinary-user.ts";
import { Refusal } from "./terminal.ts";

/** What `npm run up` is told by the environment. */
export interface UpSettings {
  /** Absolute. */
  readonly home: string;
  readonly port: number;
  readonly rapiPort: number;
  /** Whether to install the sample into an instance. */
  readonly demo: boolean;
  /** How instances are connected. `system` changes the host's network, takes root, and is never chosen by itself. */
  readonly mode: "session" | "system";
  /** Where the privileged helper is; null as long as nobody has started it. */
  readonly helper: HelperAddress | null;
  /** Of a database that is run elsewhere. */
  readonly databaseUrl: string | null;
  /** What tells the controller where its master key is, as it is named there. Nobody else gets it. */
  readonly masterKey: Readonly<Record<string, string>>;
}

const port = z.coerce.number().int().min(1).max(65_535);
const schema = z.object({
  SLIPWAY_HOME: z.string().optional(),
  SLIPWAY_PORT: port.default(8080),
  SLIPWAY_RAPI_PORT: port.default(5080),
  SLIPWAY_MODE: z.enum(["session", "system"]).default("session"),
  // What the first half of `up` tells the second.
  SLIPWAY_HELPER_SOCKET: z.string().optional(),
  SLIPWAY_HELPER_LAUNCHER: z.string().optional(),
  SLIPWAY_DEMO: z.enum(["0", "1"]).default("1"),
  SLIPWAY_MASTER_KEY: z.string().optional(),
  SLIPWAY_MASTER_KEY_FILE: z.string().optional(),
  CREDENTIALS_DIRECTORY: z.string().optional(),
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, "must begin with postgresql://").optional(),
});

/** @throws Refusal naming the setting, never its value. */
export function readSettings(checkout: string): UpSettings {
  const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ""));
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Refusal(`${String(issue?.path[0])} can't be used: ${issue?.message ?? "unknown reason"}`);
  }
  const settings = parsed.data;
  return {
    home: path.resolve(settings.SLIPWAY_HOME ?? (isRoot() ? ORDINARY_HOME : path.join(checkout, ".slipway"))),
    port: settings.SLIPWAY_PORT,
    rapiPort: settings.SLIPWAY_RAPI_PORT,
    demo: settings.SLIPWAY_DEMO === "1",
    mode: settings.SLIPWAY_MODE,
    helper: helperOf(settings),
    databaseUrl: settings.DATABASE_URL ?? null,
    masterKey: masterKeySettings(settings),
  };
}

/**
 * Only root can have the mode that it asks for.
 *
 * @throws Refusal
 */
export function requireRightsFor({ mode }: UpSettings): void {
  if (mode === "session" || isRoot()) return;
  throw new Refusal("SLIPWAY_MODE=system makes interfaces, routes and packet rules on this machine, which only root can. Run it as root, or leave SLIPWAY_MODE out: session mode needs no rights.");
}

function helperOf({ SLIPWAY_HELPER_SOCKET: socket, SLIPWAY_HELPER_LAUNCHER: launcher }: z.output<typeof schema>): HelperAddress | null {
  return socket === undefined || launcher === undefined ? null : { socket, launcher };
}

function masterKeySettings({ SLIPWAY_MASTER_KEY: key, SLIPWAY_MASTER_KEY_FILE: file, CREDENTIALS_DIRECTORY: credentials }: z.output<typeof schema>): Record<string, string> {
  return {
    ...(key === undefined ? {} : { SLIPWAY_MASTER_KEY: key }),
    ...(file === undefined ? {} : { SLIPWAY_MASTER_KEY_FILE: file }),
    // Other services have credentials too, in folders that are no business of ours.
    ...(credentials === undefined || !existsSync(path.join(credentials, "slipway-master-key")) ? {} : { CREDENTIALS_DIRECTORY: credentials }),
  };
}
