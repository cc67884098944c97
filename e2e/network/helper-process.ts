import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { descendantsOf, type ProcessEntry, until } from "./processes.ts";

export interface HelperOptions {
  /** Folder with slipway-helper and slipway-launch. */
  readonly programs: string;
  /** A folder of its own, which may be there. */
  readonly folder: string;
  /** The account that the agent runs as. */
  readonly user: string;
  readonly bridges: readonly string[];
  readonly settings?: Readonly<Record<string, string>>;
}

/** The real helper, as root, in the namespace of the tests. */
export interface HelperProcess {
  readonly socket: string;
  readonly launcher: string;
  /** What it knows of guests and scripts. */
  readonly runFolder: string;
  /** What was started: it watches over the one that does the work. */
  readonly pid: number;
  /** What it has said, line by line. */
  readonly logLines: string[];
  /** Its processes: the worker, dnsmasq. */
  processes(): ProcessEntry[];
  /** Another one on the same folders, after this one was killed. */
  restart(): Promise<HelperProcess>;
  /** Ends it. What it has made for guests stays until they are removed. */
  end(): Promise<void>;
}

const READY_MS = 20_000;
const ENVIRONMENT = { NODE_ENV: "test", PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" } as const;

async function answers(socket: string): Promise<true | null> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    connection.once("connect", () => {
      connection.destroy();
      resolve(true);
    });
    connection.once("error", () => {
      resolve(null);
    });
  });
}

export async function startHelper(options: HelperOptions): Promise<HelperProcess> {
  const { folder, programs } = options;
  const hooks = path.join(folder, "hooks");
  const runFolder = path.join(folder, "run");
  const config = path.join(folder, "helper.conf");
  await mkdir(hooks, { recursive: true });
  await mkdir(runFolder, { recursive: true });
  // The agent passes through to the socket.
  await Promise.all([chmod(folder, 0o755), chmod(runFolder, 0o755), chmod(hooks, 0o755)]);
  const settings = { agent_user: options.user, bridges: options.bridges.join(","), hooks, ...options.settings };
  await writeFile(config, Object.entries(settings).map(([key, value]) => `${key}=${value}\n`).join(""), { mode: 0o644 });
  return launch(options, path.join(programs, "slipway-helper"), ["--config", config, "--run-folder", runFolder, "--foreground"], path.join(runFolder, "helper.sock"));
}

async function launch(options: HelperOptions, program: string, args: readonly string[], socket: string): Promise<HelperProcess> {
  const child: ChildProcess = spawn(program, args, { cwd: "/", env: ENVIRONMENT, stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "exit");
  const { pid } = child;
  if (pid === undefined || child.stdout === null || child.stderr === null) throw new Error("the helper can't be started");
  const logLines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", (line) => logLines.push(line));
  await until("the helper's socket", async () => {
    if (child.exitCode !== null) throw new Error(`the helper ended at its start: ${logLines.join("\n")}`);
    return answers(socket);
  }, READY_MS);
  return {
    socket,
    launcher: path.join(options.programs, "slipway-launch"),
    runFolder: path.dirname(socket),
    pid,
    logLines,
    processes: () => descendantsOf(pid),
    restart: () => launch(options, program, args, socket),
    end: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      await exited;
    },
  };
}
