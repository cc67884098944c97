/** A trusted script as the agent has it run: slipway-script as the agent's user, with the streams that it is given. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Duplex } from "node:stream";

import { AGENT_USER, run } from "./test-helper.ts";
import type { TestHelper } from "./test-helper.ts";

export interface ScriptOptions {
  /** Of the shell, after the line that names it. */
  readonly body?: string;
  readonly name?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Of the program, beside what all get. */
  readonly arguments?: readonly string[];
  /** Instead of an archive with the script alone. */
  readonly tar?: string;
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** Characters of a script's output that a test looks at. */
const MOST_KEPT = 1_048_576;

/** A folder of the agent's own. */
export async function agentFolder(helper: TestHelper): Promise<string> {
  const folder = await mkdtemp(join(helper.folder, "agent-"));
  await chown(folder, AGENT_USER.uid, AGENT_USER.gid);
  return folder;
}

export async function makeDisk(helper: TestHelper, mib: number): Promise<string> {
  const disk = join(await agentFolder(helper), "disk");
  await run("truncate", ["--size", `${String(mib)}M`, disk]);
  await chown(disk, AGENT_USER.uid, AGENT_USER.gid);
  await chmod(disk, 0o600);
  return disk;
}

/** An archive of these files, each executable. */
export async function makeTar(helper: TestHelper, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await agentFolder(helper);
  const content = join(folder, "content");
  await mkdir(content);
  for (const [name, text] of Object.entries(files)) await writeFile(join(content, name), text, { mode: 0o755 });
  await run("tar", ["--create", "--file", join(folder, "os.tar"), "--directory", content, "."]);
  return join(folder, "os.tar");
}

/** Some scripts never stop to speak: what they begin with is enough. */
function kept(before: string, data: Buffer): string {
  return before.length < MOST_KEPT ? before + data.toString() : before;
}

export class Script {
  readonly #child: ChildProcess;
  readonly #control: Duplex;
  readonly #over: Promise<unknown>;
  output = "";
  errors = "";
  said = "";

  private constructor(child: ChildProcess, environment: Duplex, control: Duplex, values: Readonly<Record<string, string>>) {
    this.#child = child;
    this.#control = control;
    child.stdout?.on("data", (data: Buffer) => (this.output = kept(this.output, data)));
    child.stderr?.on("data", (data: Buffer) => (this.errors = kept(this.errors, data)));
    control.on("data", (data: Buffer) => (this.said = kept(this.said, data)));
    for (const stream of [child.stdin, environment, control]) stream?.on("error", () => undefined); // It may end before it has read all.
    environment.end(Object.entries({ PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...values }).map(([name, value]) => `${name}=${value}\0`).join(""));
    this.#over = once(child, "close");
  }

  static async start(helper: TestHelper, options: ScriptOptions = {}): Promise<Script> {
    const { name = "create", body = "true", environment = {}, arguments: more = [], user = AGENT_USER } = options;
    const tar = options.tar ?? (await makeTar(helper, { [name]: `#!/bin/bash\n${body}\n` }));
    const all = ["--helper", helper.socket, "--script", name, "--definition", tar, ...more];
    const child = spawn(helper.program("slipway-script"), all, { cwd: "/", stdio: ["pipe", "pipe", "pipe", "pipe", "pipe"], uid: user.uid, gid: user.gid });
    const [values, control] = child.stdio.slice(3);
    // Node makes a duplex stream of each further pipe; its types don't say so.
    return new Script(child, values as Duplex, control as Duplex, environment);
  }

  /** To its end; what was said of it, a line each. */
  static async run(helper: TestHelper, options: ScriptOptions = {}): Promise<Script> {
    const script = await Script.start(helper, options);
    script.write("");
    await script.ended();
    return script;
  }

  write(text: string): void {
    this.#child.stdin?.end(text);
  }

  async ended(): Promise<void> {
    await this.#over;
  }

  /** As an agent does that wants it ended, or that is killed. */
  letGo(): void {
    this.#control.end();
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}

/** Processes anywhere below that have this word among their arguments. */
export async function withWord(word: string): Promise<number[]> {
  const found: number[] = [];
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    // A process may end between the two.
    const text = await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "");
    if (text.split("\0").includes(word)) found.push(Number(entry));
  }
  return found;
}
