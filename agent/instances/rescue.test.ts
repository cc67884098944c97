import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex, Readable } from "node:stream";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type AgentEvent, agentEventSchema, type ApplianceRef, type InstanceSpec, type PowerOrder } from "#lib/agent-protocol/messages.ts";
import { privateValue } from "#lib/domain/visibility.ts";
import { BlobStore } from "../blobs/blob-store.ts";
import { Eraser } from "../disk-orders/erase.ts";
import type { RunningGuest } from "../hypervisor/hypervisor.ts";
import { Journal } from "../journal/journal.ts";
import { SessionNetworks } from "../network/session-networks.ts";
import { exampleInstance, powerOrder } from "../testing/orders.ts";
import { ScriptedHypervisor } from "../testing/scripted-hypervisor.ts";
import { Instances } from "./instances.ts";

const log = pino({ level: "silent" });
let dataDir: string;
let hypervisor: ScriptedHypervisor;
let instances: Instances;
let journal: Journal;
let spec: InstanceSpec;
let appliance: ApplianceRef;

async function open(): Promise<void> {
  const blobs = await BlobStore.open(join(dataDir, "blobs"));
  const eraser = await Eraser.open({ folder: join(dataDir, "erasing"), log });
  instances = await Instances.open({ folder: join(dataDir, "instances"), blobs, eraser, hypervisor, networks: new SessionNetworks(log), journal, log, node: "node1" });
  await instances.recover();
}
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "rescue-"));
  hypervisor = new ScriptedHypervisor();
  journal = Journal.inMemory();
  spec = exampleInstance({ disks: exampleInstance().disks.map((disk) => ({ ...disk, sizeMib: 1 })) });
  await open();
  const folder = join(dataDir, "instances", spec.id);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "disk-0"), Buffer.alloc(1_048_576));
  const blobs = await BlobStore.open(join(dataDir, "blobs"));
  const put = async (content: string): Promise<string> => {
    const digest = createHash("sha256").update(content).digest("hex");
    await blobs.put(digest, Readable.from([Buffer.from(content)]));
    return digest;
  };
  appliance = { kernelDigest: await put("kernel"), initrdDigest: await put("initrd"), rootDigest: await put("root"), contract: 2 };
});
afterEach(async () => {
  vi.useRealTimers();
  await instances.release();
  await hypervisor.endAll();
  await rm(dataDir, { recursive: true, force: true });
});

const rescue = (change: Partial<PowerOrder> = {}): PowerOrder => ({ ...powerOrder(spec, "rescue"), appliance, ...change });
const events = (): AgentEvent[] => journal.after(0, 1_000).map(({ line }) => agentEventSchema.parse(JSON.parse(line)));
const powers = (): string[] => events().flatMap((event) => (event.type === "instance.power" ? [`${event.power}${event.rescue ? " rescue" : ""}`] : []));

/** The other end of somebody's console. */
class Screen extends Duplex {
  text = "";
  override _read(): void {
    // What is typed is pushed.
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString("utf8");
    this.emit("shown");
    done();
  }
  async until(wanted: string): Promise<void> {
    while (!this.text.includes(wanted)) await once(this, "shown");
  }
}
async function openConsole(): Promise<Screen> {
  const screen = new Screen();
  await instances.openConsole(spec.id, () => screen);
  return screen;
}

describe("a rescue system", () => {
  test("is the appliance's full userland with the instance's disks to write, no NIC and no channel", async () => {
    const runtime = await instances.power(rescue({ instance: { ...spec, communication: true } }));
    expect(runtime).toMatchObject({ power: "running", rescue: true, reach: [] });
    expect(hypervisor.started).toHaveLength(1);
    expect(hypervisor.started[0]).toMatchObject({ kind: "rescue", nics: [], channel: null, memoryMib: 512 });
    expect(hypervisor.started[0]?.boot?.commandLine).toMatch(/ slipway\.rescue$/);
    expect(hypervisor.started[0]?.disks.map(({ serial, readOnly }) => [serial, readOnly])).toEqual([["disk-0", false], ["appliance-root", true]]);
    expect(powers()).toEqual(["running rescue"]);
  });

  test("takes the place of what runs, and is ended by a stop, at once", async () => {
    await instances.power(powerOrder(spec, "start"));
    await instances.power(rescue({ graceSeconds: 5 }));
    expect(hypervisor.running).toEqual(["rescue"]);
    const began = performance.now();
    expect(await instances.power(powerOrder(spec, "stop", 600))).toMatchObject({ power: "stopped", rescue: false });
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(powers()).toEqual(["running", "stopped", "running rescue", "stopped"]);
  });

  test("isn't left by a start, which is refused, but by a reboot", async () => {
    await instances.power(rescue());
    await expect(instances.power(powerOrder(spec, "start"))).rejects.toMatchObject({ code: "conflict" });
    expect(await instances.power(powerOrder(spec, "reboot"))).toMatchObject({ power: "running", rescue: false });
    expect(hypervisor.running).toEqual(["instance"]);
  });

  test("is one when its order comes twice, and when another comes while it runs", async () => {
    const order = rescue();
    await instances.power(order);
    await instances.power(order);
    await instances.power(rescue());
    expect(hypervisor.started).toHaveLength(1);
  });

  test("is found again by a restarted agent, as what it is", async () => {
    await instances.power(rescue());
    hypervisor.sever();
    await open();
    expect((await instances.get(spec.id)).runtime).toMatchObject({ power: "running", rescue: true });
    const screen = await openConsole();
    screen.push("uname\n");
    await screen.until("uname");
    await instances.power(powerOrder(spec, "stop"));
    expect(hypervisor.running).toEqual([]);
  });

  test.each([
    ["an appliance of the first contract", { contract: 1 }, "unsupported"],
    ["one without a full userland", { rootDigest: null }, "unsupported"],
    ["files that the node hasn't got", { kernelDigest: "1".repeat(64) }, "unknown_object"],
  ] as const)("isn't made of %s", async (_name, change, code) => {
    await instances.power(powerOrder(spec, "start"));
    await expect(instances.power(rescue({ appliance: { ...appliance, ...change } }))).rejects.toMatchObject({ code });
    await expect(instances.power(rescue({ appliance: null }))).rejects.toMatchObject({ code: "invalid", field: "appliance" });
    // What ran wasn't stopped for it.
    expect(hypervisor.running).toEqual(["instance"]);
  });

  test("isn't there for an instance that has nothing on the node, and leaves nothing there", async () => {
    const stranger = exampleInstance();
    const guestData = { parameters: new Map(), userData: privateValue("user data") };
    await expect(instances.power(rescue({ instance: stranger, guestData }))).rejects.toMatchObject({ code: "conflict" });
    expect(existsSync(join(dataDir, "instances", stranger.id))).toBe(false);
  });
});

describe("a serial console", () => {
  test("carries what is said and what is typed, of a system that runs as of a rescue system", async () => {
    await instances.power(powerOrder(spec, "start"));
    hypervisor.rescue = async (machine) => {
      machine.hear((typed) => {
        machine.say(`you said ${typed}`);
      });
      await new Promise((resolve) => {
        machine.ended.addEventListener("abort", resolve);
      });
    };
    await instances.power(rescue());
    const screen = await openConsole();
    screen.push("ls\n");
    await screen.until("you said ls\n");
    const ended = once(screen, "finish");
    await instances.power(powerOrder(spec, "stop"));
    await ended;
    expect(await readFile(join(dataDir, "instances", spec.id, "serial.log"), "utf8")).toContain("you said ls");
  });

  test("is an install's guest's while that is in the instance's place, and free again afterwards", async () => {
    await instances.power(powerOrder(spec, "start"));
    const instance = await instances.get(spec.id);
    await instance.stop(0);
    const typed: string[] = [];
    const guest = { type: (bytes: Buffer) => Promise.resolve(void typed.push(bytes.toString())) };
    // Of a guest a console needs no more than this.
    const takeBack = instance.lendConsole(guest as unknown as RunningGuest);
    const screen = await openConsole();
    instance.hear(Buffer.from("language: "));
    await screen.until("language: ");
    screen.push("english");
    await vi.waitUntil(() => typed.join("") === "english");
    const ended = once(screen, "finish");
    takeBack();
    await ended;
    await expect(openConsole()).rejects.toMatchObject({ code: "conflict" });
  });

  test("is one person's at a time, and free again when that one goes", async () => {
    await expect(openConsole()).rejects.toMatchObject({ code: "conflict" });
    await instances.power(powerOrder(spec, "start"));
    const first = await openConsole();
    await expect(openConsole()).rejects.toMatchObject({ code: "conflict" });
    first.push(null);
    first.resume();
    await once(first, "close");
    await openConsole();
  });

  test("shows no private value, also where it comes in pieces, and shows everything else at once", async () => {
    let say = (_text: string): void => undefined;
    hypervisor.instance = async (machine) => {
      say = machine.say.bind(machine);
      await new Promise((resolve) => {
        machine.ended.addEventListener("abort", resolve);
      });
    };
    const guestData = { parameters: new Map([["password", { visibility: "private" as const, value: privateValue("correct-horse-battery") }]]), userData: null };
    await instances.power(powerOrder(spec, "start", 0, guestData));
    const screen = await openConsole();
    say("password is correct-ho");
    await screen.until("password is ");
    // Longer than a single letter is held.
    await new Promise((resolve) => setTimeout(resolve, 300));
    say("rse-battery. login: c");
    // The one letter could be the beginning of the value: it is held, but not for long.
    await screen.until("login: c");
    expect(screen.text).toBe("password is <redacted>. login: c");
  });

  test("is closed to everybody where a restarted agent doesn't know the values, but for a rescue system", async () => {
    const guestData = { parameters: new Map([["password", { visibility: "private" as const, value: privateValue("correct-horse-battery") }]]), userData: null };
    await instances.power(powerOrder(spec, "start", 0, guestData));
    hypervisor.sever();
    await open();
    await expect(openConsole()).rejects.toMatchObject({ code: "conflict" });
    await instances.power(rescue());
    await openConsole();
  });

  test("leaves out what a slow reader doesn't take, and says how much", async () => {
    let say = (_text: string): void => undefined;
    hypervisor.instance = async (machine) => {
      say = machine.say.bind(machine);
      await new Promise((resolve) => {
        machine.ended.addEventListener("abort", resolve);
      });
    };
    await instances.power(powerOrder(spec, "start"));
    const screen = new Screen({ writableHighWaterMark: 1 });
    const waiting: (() => void)[] = [];
    screen._write = (chunk: Buffer, _encoding: string, done: () => void) => {
      screen.text += chunk.toString("utf8");
      waiting.push(done);
    };
    await instances.openConsole(spec.id, () => screen);
    for (let n = 0; n < 100; n += 1) say("x".repeat(10_000));
    expect(screen.writableLength).toBeLessThan(300_000);
    screen._write = Screen.prototype._write.bind(screen);
    for (const done of waiting) done();
    await vi.waitUntil(() => screen.writableLength === 0);
    say("later");
    await screen.until("later");
    expect(screen.text).toMatch(/\[slipway: \d+ bytes were left out\]\r\nlater$/);
  });
});
