import { EventEmitter } from "node:events";
import { request } from "node:http";
import { existsSync } from "node:fs";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { SocketFolder } from "../folder-sockets.ts";
import { METADATA_SOCKET, RUN_FOLDER } from "../hypervisor/guest-folder.ts";
import type { Acceleration, GuestExit, GuestPlan, Hypervisor, RunningGuest, SerialSink } from "../hypervisor/hypervisor.ts";

/** What a guest of the scripted hypervisor can do: speak to its metadata service and its console, and write to its disk. */
export interface ScriptedMachine {
  readonly plan: GuestPlan;
  readonly ended: AbortSignal;
  get(path: string): Promise<{ status: number; body: string }>;
  /** As `get`, for what isn't text. */
  getBytes(path: string): Promise<{ status: number; bytes: Buffer }>;
  /** Sends bytes to a path of Ganeti's tree. Returns the answer's status. */
  send(path: string, body: string): Promise<number>;
  /** What an appliance is to run. */
  script(): Promise<string>;
  post(body: string, headers?: Record<string, string>): Promise<number>;
  say(text: string): void;
  /** From here on it reads its serial console. */
  hear(listener: (text: string) => void): void;
  writeDisk(): Promise<void>;
  /** Reports with this install's token. */
  report(exitStatus: number): Promise<void>;
}

/** What runs in a guest. When it returns, the guest powers itself off. */
export type GuestScript = (machine: ScriptedMachine) => Promise<void>;

const FOR_EVER = (machine: ScriptedMachine): Promise<void> =>
  new Promise((resolve) => {
    machine.ended.addEventListener("abort", () => {
      resolve();
    });
  });

/** An instance that boots and stays. */
export const bootsAndStays: GuestScript = async (machine) => {
  machine.say("Debian GNU/Linux 12 web1 ttyS0\r\n\r\nweb1 login: ");
  await FOR_EVER(machine);
};

export const staysSilent: GuestScript = FOR_EVER;

/** A shell that says what it is told. */
export const givesShell: GuestScript = async (machine) => {
  machine.say("rescue# ");
  machine.hear((text) => {
    machine.say(text);
  });
  await FOR_EVER(machine);
};

/** An appliance that does its work and reports success. */
export const installsWell: GuestScript = async (machine) => {
  await machine.post('{"step":"unpack","percent":50}\nunpacking\n');
  await machine.writeDisk();
  await machine.report(0);
};

/** An appliance that does what is given for its script, and what installs well for any other. */
export function byScript(scripts: Readonly<Record<string, GuestScript>>): GuestScript {
  return async (machine) => {
    const script = scripts[await machine.script()] ?? installsWell;
    await script(machine);
  };
}

/** A hypervisor whose guests are functions, to bring an install into every state without QEMU. */
export class ScriptedHypervisor implements Hypervisor {
  readonly version = null;
  readonly acceleration: Acceleration = { accelerator: "tcg", reason: "scripted" };
  appliance: GuestScript = installsWell;
  instance: GuestScript = bootsAndStays;
  medium: GuestScript = installsWell;
  rescue: GuestScript = givesShell;
  /** As where QEMU doesn't start any more: it was removed, or there is no memory. */
  refusesInstances = false;
  readonly started: GuestPlan[] = [];
  #generation = 0;
  readonly #running = new Map<string, ScriptedGuest>();

  probe(): Promise<Acceleration> {
    return Promise.resolve(this.acceleration);
  }

  async start(plan: GuestPlan, serial: SerialSink): Promise<RunningGuest> {
    for (const { file } of plan.disks) if (!existsSync(join(plan.folder, file))) throw new Error(`there is no ${file}`);
    if (plan.kind === "instance" && this.refusesInstances) throw new Error("the virtual machine can't be started");
    this.started.push(plan);
    await mkdir(join(plan.folder, RUN_FOLDER), { recursive: true });
    const guest = new ScriptedGuest(plan, serial, this.#scriptOf(plan));
    this.#running.set(plan.folder, guest);
    void guest.exited.then(() => {
      if (this.#running.get(plan.folder) === guest) this.#running.delete(plan.folder);
    });
    return this.#handle(guest);
  }

  #scriptOf({ kind }: GuestPlan): GuestScript {
    return this[kind];
  }

  /** As when the agent's process dies: whoever holds a guest now hears nothing of it any more. */
  sever(): void {
    this.#generation += 1;
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.#running.values()].map((guest) => guest.end()));
  }

  #handle(guest: ScriptedGuest): RunningGuest {
    const generation = this.#generation;
    const isHeld = (): boolean => this.#generation === generation;
    const never = new Promise<never>(() => undefined);
    return {
      startedAt: guest.startedAt,
      exited: guest.exited.then((exit) => (isHeld() ? exit : never)),
      endConnectionsBeyond: () => Promise.resolve(0),
      type: (bytes) => {
        if (isHeld()) guest.type(bytes);
        return Promise.resolve();
      },
      pressPowerButton: () => guest.pressPowerButton(),
      end: () => (isHeld() ? guest.end() : never),
      release: () => Promise.resolve(),
    };
  }

  /** Kinds of the guests that run now. */
  get running(): string[] {
    return [...this.#running.values()].map(({ plan }) => plan.kind);
  }

  adopt(folder: string, serial: SerialSink): Promise<RunningGuest | "lost" | "none"> {
    const guest = this.#running.get(folder);
    guest?.speakTo(serial);
    return Promise.resolve(guest?.plan.kind === "instance" || guest?.plan.kind === "rescue" ? this.#handle(guest) : "none");
  }

  async clear(folder: string): Promise<void> {
    await this.#running.get(folder)?.end();
    await rm(join(folder, RUN_FOLDER), { recursive: true, force: true });
  }
}

class ScriptedGuest {
  readonly plan: GuestPlan;
  readonly startedAt = new Date();
  readonly exited: Promise<GuestExit>;
  readonly #ending = new AbortController();
  readonly #keyboard = new EventEmitter<{ typed: [string] }>();

  #serial: SerialSink;

  constructor(plan: GuestPlan, serial: SerialSink, script: GuestScript) {
    this.plan = plan;
    this.#serial = serial;
    const speak: SerialSink = (bytes) => {
      this.#serial(bytes);
    };
    const ended = new Promise<GuestExit>((resolve) => {
      this.#ending.signal.addEventListener("abort", () => {
        resolve({ by: "agent", reason: "The virtual machine was ended." });
      });
    });
    const finished = runScript(plan, speak, script, this.#ending.signal, this.#keyboard).then((): GuestExit => ({ by: "guest", reason: "The system powered itself off." }));
    this.exited = Promise.race([ended, finished]);
  }

  pressPowerButton(): Promise<void> {
    return this.end();
  }

  /** Somebody else listens to its console from here on. */
  speakTo(serial: SerialSink): void {
    this.#serial = serial;
  }

  type(bytes: Buffer): void {
    this.#keyboard.emit("typed", bytes.toString("utf8"));
  }

  async end(): Promise<void> {
    this.#ending.abort();
    await this.exited;
  }
}

async function runScript(plan: GuestPlan, serial: SerialSink, script: GuestScript, ended: AbortSignal, keyboard: EventEmitter<{ typed: [string] }>): Promise<void> {
  const sockets = await SocketFolder.open(join(plan.folder, RUN_FOLDER));
  const callBytes = (method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<{ status: number; bytes: Buffer }> =>
    new Promise((resolve, reject) => {
      const outgoing = request({ socketPath: sockets.address(METADATA_SOCKET), method, path, headers, signal: ended, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 0, bytes: Buffer.concat(chunks) });
        });
        response.on("error", reject);
      });
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  const call = async (...how: Parameters<typeof callBytes>): Promise<{ status: number; body: string }> => {
    const { status, bytes } = await callBytes(...how);
    return { status, body: bytes.toString("utf8") };
  };
  const machine: ScriptedMachine = {
    plan,
    ended,
    get: (path) => call("GET", path),
    getBytes: (path) => callBytes("GET", path),
    send: async (path, body) => (await callBytes("POST", `/ganeti/latest/${path}`, body, { "transfer-encoding": "chunked" })).status,
    script: async () => {
      const document: unknown = JSON.parse((await call("GET", "/ganeti/latest/meta_data.json")).body);
      // The test's own view of a document whose form documents.ts fixes.
      return (document as { script: string }).script;
    },
    post: async (body, headers) => (await call("POST", "/ganeti/latest/write", body, headers)).status,
    say: (text) => {
      serial(Buffer.from(text));
    },
    hear: (listener) => {
      keyboard.on("typed", listener);
    },
    writeDisk: async () => {
      const disk = await open(join(plan.folder, plan.disks[0]?.file ?? ""), "r+");
      await disk.write(Buffer.from(`system of ${plan.id} ${String(Math.random())}`), 0);
      await disk.sync();
      await disk.close();
    },
    report: async (exitStatus) => {
      const document: unknown = JSON.parse((await call("GET", "/ganeti/latest/meta_data.json")).body);
      // The test's own view of a document whose form documents.ts fixes.
      const { token } = (document as { install: { token: string } }).install;
      await call("POST", "/ganeti/latest/write", `${JSON.stringify({ result: { token, exit_status: exitStatus } })}\n`);
    },
  };
  try {
    await script(machine);
  } catch (error) {
    // A guest that is ended in the middle of a call.
    if (!ended.aborted) throw error;
  } finally {
    await sockets.close();
  }
}
