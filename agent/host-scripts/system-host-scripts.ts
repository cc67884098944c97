import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Duplex, Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SlipwayError } from "#lib/domain/errors.ts";
import { GUEST_LIMITS, LineSplitter } from "#lib/domain/guest-lines.ts";
import { encodeEnvironment } from "./encode-environment.ts";
import type { HostScriptRun, HostScripts } from "./host-scripts.ts";
import { parseScriptMessage, type ScriptMessage, scriptFailure } from "./script-messages.ts";

const MESSAGE_BYTES = 1_024;

export interface SystemHostScriptsOptions {
  /** The helper's socket. */
  readonly socket: string;
  /** slipway-script. */
  readonly program: string;
  /** The agent's own folder, which a script doesn't see. */
  readonly dataDir: string;
  /** What the helper said last of itself. */
  readonly isAllowed: () => boolean;
}

/** Scripts on the host by way of the privileged helper (helper/README.md, "Scripts"): this process has no part in their privileges. */
export class SystemHostScripts implements HostScripts {
  readonly #options: SystemHostScriptsOptions;

  constructor(options: SystemHostScriptsOptions) {
    this.#options = options;
  }

  get available(): boolean {
    return this.#options.isAllowed();
  }

  async run(run: HostScriptRun): Promise<{ readonly exitStatus: number }> {
    if (!this.available) throw new SlipwayError("unsupported", "This node runs no scripts on itself: its administrator hasn't allowed it, or the helper can't hold them.");
    run.signal.throwIfAborted();
    const environment = encodeEnvironment(run.environment);
    const ends = openEnds(spawn(this.#options.program, this.#arguments(run), { cwd: "/", env: { NODE_ENV: "production" }, stdio: ["pipe", "pipe", "pipe", "pipe", "pipe"] }));
    const stopped = Promise.withResolvers<undefined>();
    const stop = (): void => {
      // Whoever has asked for the end isn't waiting for what was said until then.
      ends.control.end();
      ends.stdout.destroy();
      ends.stderr.destroy();
      stopped.resolve(undefined);
    };
    run.signal.addEventListener("abort", stop);
    try {
      ends.environment.on("error", () => undefined).end(environment);
      let message: ScriptMessage | null = null;
      let failure: unknown = null;
      const fail = (error: unknown): void => {
        failure ??= error;
        stop();
      };
      const streams = [feed(ends.stdin, run.stdin ?? null), takeOutput(ends.stdout, run), takeLines(ends.stderr, run.onLine)].map((stream) => stream.catch(fail));
      const said = takeMessages(ends.control, (next) => {
        message = next;
      });
      await Promise.all([once(ends.child, "close").catch(fail), said.catch(fail)]);
      // Whoever takes the output may be waiting for what the end of this run sets free.
      await Promise.race([Promise.all(streams.slice(1)), stopped.promise]);
      run.signal.throwIfAborted();
      if (failure !== null) throw failure instanceof Error ? failure : new Error("the script's output can't be taken", { cause: failure });
      return readEnd(message);
    } finally {
      run.signal.removeEventListener("abort", stop);
      ends.child.stdin?.destroy();
      environment.fill(0);
    }
  }

  #arguments({ script, tar, seconds, pipePath, imagePath = null, diskPaths }: HostScriptRun): string[] {
    const { socket, dataDir } = this.#options;
    return [
      ...["--helper", socket, "--script", script, "--definition", tar, "--hide", dataDir],
      ...(seconds === undefined ? [] : ["--seconds", String(Math.max(1, Math.ceil(seconds)))]),
      ...(pipePath === null ? [] : ["--pipe", pipePath]),
      ...(imagePath === null ? [] : ["--image", imagePath]),
      ...(script === "export" ? ["--read-only"] : []),
      ...diskPaths.flatMap((path) => ["--disk", path]),
    ];
  }
}

interface Ends {
  readonly child: ChildProcess;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly environment: Writable;
  readonly control: Duplex;
}

function openEnds(child: ChildProcess): Ends {
  const { stdin, stdout, stderr } = child;
  const [environment, control] = child.stdio.slice(3);
  if (stdin === null || stdout === null || stderr === null) throw new Error("a process has no standard streams");
  // Node makes a socket of every further "pipe"; its types know that only of some.
  return { child, stdin, stdout, stderr, environment: environment as Duplex, control: control as Duplex };
}

/** A script that doesn't read all that there is for it has not failed; a source that breaks off has. */
async function feed(stdin: Writable, source: Readable | null): Promise<void> {
  stdin.on("error", () => undefined);
  if (source === null) {
    stdin.end();
    return;
  }
  let broken: unknown = null;
  source.once("error", (error) => {
    broken = error;
  });
  await pipeline(source, stdin).catch(() => undefined);
  if (broken !== null) throw broken instanceof Error ? broken : new Error("what the script reads broke off", { cause: broken });
}

async function takeOutput(stdout: Readable, { onOutput, onLine }: HostScriptRun): Promise<void> {
  if (onOutput === undefined) return takeLines(stdout, onLine);
  // The stream's chunks are buffers: no encoding was set.
  for await (const chunk of unlessDestroyed(stdout)) await onOutput(chunk);
}

async function takeLines(stream: Readable, onLine: HostScriptRun["onLine"]): Promise<void> {
  const lines = new LineSplitter(GUEST_LIMITS.lineBytes, onLine);
  for await (const chunk of unlessDestroyed(stream)) lines.write(chunk);
  lines.end();
}

async function takeMessages(control: Duplex, onMessage: (message: ScriptMessage) => void): Promise<void> {
  const lines = new LineSplitter(MESSAGE_BYTES, (line, cut) => {
    const message = cut > 0 ? null : parseScriptMessage(line.toString("latin1"));
    if (message === null) throw new Error("slipway-script said something that can't be understood");
    onMessage(message);
  });
  for await (const chunk of unlessDestroyed(control)) lines.write(chunk);
}

/** A stream that this side has ended is at its end. */
async function* unlessDestroyed(stream: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield chunk as Buffer; // No encoding was set.
  } catch (error) {
    if (!stream.destroyed) throw error;
  }
}

function readEnd(message: ScriptMessage | null): { readonly exitStatus: number } {
  if (message?.kind === "ended" && message.why === "exit") return { exitStatus: message.status };
  throw scriptFailure(message);
}
