import { readFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { Secret } from "#lib/domain/visibility.ts";
import { secretValue } from "#lib/domain/visibility.ts";
import { isLoopback } from "./loopback.ts";

/** What a controller process does (design: architecture, "Worker": the same process, or one of its own). */
export const ROLES = ["web", "rapi", "worker"] as const;
export type Role = (typeof ROLES)[number];

/** Certificate chain and key, as PEM files. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Where a listener is, without TLS only on loopback. */
export interface Listener {
  /** A numeric address, or `localhost`. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly tls: TlsFiles | null;
}

/** Every setting of a controller process. Made once, by `loadConfig`, and handed on from there. */
export interface Config {
  /** Absolute. Everything below lies in it unless a setting says otherwise. */
  readonly home: string;
  readonly paths: {
    /** The master key, where it comes from a file: lib/secrets/master-keys.ts. 0700. */
    readonly keys: string;
    /** Certificate authority of the cluster and the controller's own certificates: lib/pki. 0700. */
    readonly pki: string;
    /** Contents by digest. */
    readonly blobs: string;
    /** What runs and where: up.json, pid files, the database's address. 0700. */
    readonly run: string;
    readonly log: string;
  };
  /** Where the master key may come from, beside its file in `paths.keys`: lib/secrets/master-keys.ts. */
  readonly masterKey: {
    /** What SLIPWAY_MASTER_KEY held. */
    readonly environment: Secret<string> | null;
    /** SLIPWAY_MASTER_KEY_FILE, absolute. */
    readonly file: string | null;
    /** Where systemd puts the credential `slipway-master-key`, absolute. There need not be one. */
    readonly credential: string | null;
  };
  /** With the password in it; lib/db alone opens it. */
  readonly databaseUrl: Secret<string>;
  /** Console and API. */
  readonly console: Listener;
  /** Ganeti's remote API, always with TLS: with the files named here, or with a certificate of the cluster's own authority. */
  readonly rapi: Listener;
  /** As browsers see the console, without a trailing slash. */
  readonly publicUrl: string;
  readonly roles: readonly Role[];
  readonly logLevel: "trace" | "debug" | "info" | "warn" | "error";
  /** False only while Next.js compiles pages as they are asked for. */
  readonly production: boolean;
}

const port = z.coerce.number().int().min(0).max(65_535);
const absolutePath = z.string().refine((value) => path.isAbsolute(value), "must be an absolute path");
const host = z.string().regex(/^[0-9a-zA-Z.:-]{1,253}$/, "must be an address or a host name");

const environmentSchema = z.object({
  SLIPWAY_HOME: absolutePath,
  SLIPWAY_HOST: host.default("127.0.0.1"),
  SLIPWAY_PORT: port.default(8080),
  SLIPWAY_TLS_CERT_FILE: absolutePath.optional(),
  SLIPWAY_TLS_KEY_FILE: absolutePath.optional(),
  SLIPWAY_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  SLIPWAY_RAPI_HOST: host.default("127.0.0.1"),
  SLIPWAY_RAPI_PORT: port.default(5080),
  SLIPWAY_RAPI_CERT_FILE: absolutePath.optional(),
  SLIPWAY_RAPI_KEY_FILE: absolutePath.optional(),
  SLIPWAY_DATABASE_URL_FILE: absolutePath.optional(),
  SLIPWAY_ROLES: z.string().default(ROLES.join(",")),
  SLIPWAY_MASTER_KEY: z.string().max(10_000).optional(),
  SLIPWAY_MASTER_KEY_FILE: absolutePath.optional(),
  CREDENTIALS_DIRECTORY: absolutePath.optional(),
  SLIPWAY_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error"]).default("info"),
  DATABASE_URL: z.string().optional(),
  NODE_ENV: z.string().optional(),
});
type Settings = z.infer<typeof environmentSchema>;

export interface ConfigSource {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Without the program's own name. */
  readonly arguments?: readonly string[];
  /** The home directory where SLIPWAY_HOME isn't set; without this it has to be. Absolute. */
  readonly defaultHome?: string;
}

/**
 * Reads the settings of a controller process: the only place of the controller that looks at the environment.
 *
 * `--roles web,worker` overrides SLIPWAY_ROLES. DATABASE_URL is looked for in the environment, then in the file that
 * SLIPWAY_DATABASE_URL_FILE names, then in `run/database-url` of the home directory, where `npm run up` writes it.
 *
 * SLIPWAY_MASTER_KEY is taken out of the process's environment: nothing that it starts, and no report of it, has it there.
 *
 * @throws SlipwayError `invalid`, with the setting as its field and never its value.
 */
export function loadConfig(source: ConfigSource = {}): Config {
  const environment = source.environment ?? takeMasterKey(process.env);
  const settings = parseEnvironment(source.defaultHome === undefined ? environment : { ...environment, SLIPWAY_HOME: environment["SLIPWAY_HOME"] || source.defaultHome });
  const home = path.resolve(settings.SLIPWAY_HOME);
  const paths = {
    keys: path.join(home, "keys"),
    pki: path.join(home, "pki"),
    blobs: path.join(home, "blobs"),
    run: path.join(home, "run"),
    log: path.join(home, "log"),
  };
  const console: Listener = {
    host: settings.SLIPWAY_HOST,
    port: settings.SLIPWAY_PORT,
    tls: tlsFiles("SLIPWAY_TLS", settings.SLIPWAY_TLS_CERT_FILE, settings.SLIPWAY_TLS_KEY_FILE),
  };
  if (console.tls === null && !isLoopback(console.host)) {
    throw invalid("SLIPWAY_HOST", "is not a loopback address: the console is served there only with SLIPWAY_TLS_CERT_FILE and SLIPWAY_TLS_KEY_FILE");
  }
  return {
    home,
    paths,
    masterKey: {
      environment: settings.SLIPWAY_MASTER_KEY === undefined ? null : secretValue(settings.SLIPWAY_MASTER_KEY),
      file: settings.SLIPWAY_MASTER_KEY_FILE ?? null,
      credential: settings.CREDENTIALS_DIRECTORY === undefined ? null : path.join(settings.CREDENTIALS_DIRECTORY, "slipway-master-key"),
    },
    databaseUrl: databaseUrl(settings, path.join(paths.run, "database-url")),
    console,
    rapi: {
      host: settings.SLIPWAY_RAPI_HOST,
      port: settings.SLIPWAY_RAPI_PORT,
      tls: tlsFiles("SLIPWAY_RAPI", settings.SLIPWAY_RAPI_CERT_FILE, settings.SLIPWAY_RAPI_KEY_FILE),
    },
    publicUrl: (settings.SLIPWAY_PUBLIC_URL ?? defaultPublicUrl(console)).replace(/\/+$/, ""),
    roles: parseRoles(rolesArgument(source.arguments ?? []) ?? settings.SLIPWAY_ROLES),
    logLevel: settings.SLIPWAY_LOG_LEVEL,
    production: settings.NODE_ENV === "production",
  };
}

function takeMasterKey(environment: NodeJS.ProcessEnv): Readonly<Record<string, string | undefined>> {
  const taken = { ...environment };
  Reflect.deleteProperty(environment, "SLIPWAY_MASTER_KEY");
  return taken;
}

function invalid(setting: string, problem: string): SlipwayError {
  return new SlipwayError("invalid", `${setting} ${problem}`, { field: setting });
}

function parseEnvironment(environment: Readonly<Record<string, string | undefined>>): Settings {
  // An empty setting is one that isn't given: that is how shells and unit files leave one out.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const parsed = environmentSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const setting = String(issue?.path[0] ?? "environment");
  throw invalid(setting, given[setting] === undefined ? "is not set" : `can't be used: ${issue?.message ?? "unknown reason"}`);
}

function tlsFiles(prefix: string, certFile: string | undefined, keyFile: string | undefined): TlsFiles | null {
  if (certFile === undefined && keyFile === undefined) return null;
  if (certFile === undefined) throw invalid(`${prefix}_CERT_FILE`, `is not set, but ${prefix}_KEY_FILE is`);
  if (keyFile === undefined) throw invalid(`${prefix}_KEY_FILE`, `is not set, but ${prefix}_CERT_FILE is`);
  return { certFile, keyFile };
}

function databaseUrl(settings: Settings, defaultFile: string): Secret<string> {
  const file = settings.SLIPWAY_DATABASE_URL_FILE ?? defaultFile;
  const url = settings.DATABASE_URL ?? readUrlFile(file);
  // pg takes localhost:5432 for anything that it can't read, silently.
  if (!/^postgres(ql)?:\/\//.test(url)) {
    throw invalid(settings.DATABASE_URL === undefined ? "SLIPWAY_DATABASE_URL_FILE" : "DATABASE_URL", "is not a postgresql:// address");
  }
  return secretValue(url);
}

function readUrlFile(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new SlipwayError("invalid", `DATABASE_URL is not set, and ${file} can't be read`, { field: "DATABASE_URL", cause });
  }
}

function rolesArgument(args: readonly string[]): string | undefined {
  const { values } = parseArgs({ args: [...args], options: { roles: { type: "string" } }, strict: true });
  return values.roles;
}

function parseRoles(text: string): readonly Role[] {
  const names = text.split(",").map((name) => name.trim()).filter((name) => name !== "");
  const unknown = names.filter((name) => !ROLES.some((role) => role === name));
  if (unknown.length > 0 || names.length === 0) throw invalid("SLIPWAY_ROLES", `must be one or more of ${ROLES.join(", ")}`);
  return ROLES.filter((role) => names.includes(role));
}

function defaultPublicUrl(listener: Listener): string {
  const name = listener.host.includes(":") ? `[${listener.host}]` : listener.host;
  return `${listener.tls === null ? "http" : "https"}://${name}:${listener.port}`;
}
