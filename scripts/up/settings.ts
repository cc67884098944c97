import { existsSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
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
  // Node agents of this version run in session mode; the other one changes the host's network and is never chosen by itself.
  SLIPWAY_MODE: z.literal("session").default("session"),
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
    databaseUrl: settings.DATABASE_URL ?? null,
    masterKey: masterKeySettings(settings),
  };
}

function masterKeySettings({ SLIPWAY_MASTER_KEY: key, SLIPWAY_MASTER_KEY_FILE: file, CREDENTIALS_DIRECTORY: credentials }: z.output<typeof schema>): Record<string, string> {
  return {
    ...(key === undefined ? {} : { SLIPWAY_MASTER_KEY: key }),
    ...(file === undefined ? {} : { SLIPWAY_MASTER_KEY_FILE: file }),
    // Other services have credentials too, in folders that are no business of ours.
    ...(credentials === undefined || !existsSync(path.join(credentials, "slipway-master-key")) ? {} : { CREDENTIALS_DIRECTORY: credentials }),
  };
}
