import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { link, mkdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Eraser } from "../disk-orders/erase.ts";
import { Instance } from "../instances/instance.ts";
import { createInstallBench, type InstallBench } from "../testing/install-bench.ts";
import { powerOrder, type ScriptOrder } from "../testing/orders.ts";
import { type GuestScript, installsWell, staysSilent } from "../testing/scripted-hypervisor.ts";
import { Install } from "./install.ts";
import { AGAIN_MS } from "./installs.ts";
import { Lease } from "./lease.ts";
import { contentOf, disksOf, folderOf, serveFiles, stepBegan } from "./testing.ts";

let bench: InstallBench;
beforeEach(async () => {
  bench = await createInstallBench();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await bench.remove();
});

/** An instance that runs, and an order to reinstall it. */
async function installed(): Promise<{ order: ScriptOrder; before: string }> {
  const first = bench.order();
  expect(await bench.run(first)).toMatchObject({ state: "done" });
  return { order: bench.order({ operation: "reinstall", instance: first.instance, start: null }), before: await contentOf(bench, first.instance) };
}

function recordOf(id: string): string {
  return join(bench.dataDir, "installs", `${id}.json`);
}

/** A file can't be written any more, as on a disk that is full: where it would be written first there is a folder. */
function closeFile(path: string): void {
  mkdirSync(`${path}.tmp`);
}

async function openFile(path: string): Promise<void> {
  await rmdir(`${path}.tmp`);
}

/** Nothing is tried again in a while, as by an agent that was killed; what is returned has it tried again at once. */
function watchTries(): () => void {
  const start = globalThis.setTimeout;
  const tries: (() => void)[] = [];
  const watched = (callback: () => void, milliseconds?: number): NodeJS.Timeout => {
    if (milliseconds !== AGAIN_MS) return start(callback, milliseconds);
    tries.push(callback);
    return start(() => undefined, 0);
  };
  vi.spyOn(globalThis, "setTimeout").mockImplementation(watched);
  return () => {
    if (tries.length === 0) throw new Error("nothing is tried again");
    tries.at(-1)?.();
  };
}
const HOLDS = "couldn't bring the install to its end";

/** Until the agent has said so in an install's log. */
function untilSaid(id: string, words: string): Promise<unknown> {
  return bench.until((event) => event.type === "install.entries" && event.installId === id && event.entries.some(({ text }) => text?.includes(words) === true));
}

const hangs: GuestScript = async (machine) => {
  await machine.post('{"step":"unpack"}\n');
  await staysSilent(machine);
};

describe("a node's disk that takes nothing more", () => {
  test.each(["room again", "kill -9 of the agent"])("right after the swap, and then %s, has the instance as it was", async (then) => {
    const { order, before } = await installed();
    const tryAgain = watchTries();
    const file = join(folderOf(bench, order.instance), "instance.json");
    vi.spyOn(Instance.prototype, "forgetHostKeys").mockImplementationOnce(() => {
      closeFile(file);
    });
    await bench.agent().install(order);
    await untilSaid(order.id, HOLDS);
    expect(await contentOf(bench, order.instance)).toBe(before);
    // Until that is brought to its end nobody else may come between.
    await expect(bench.agent().power(order.instance.id, powerOrder(order.instance, "start"))).rejects.toMatchObject({ code: "conflict" });
    await openFile(file);
    if (then === "kill -9 of the agent") await bench.crash();
    else tryAgain();
    expect(await bench.untilEnd(order.id)).toMatchObject({ state: "failed", committed: false });
    expect(await contentOf(bench, order.instance)).toBe(before);
    expect(await disksOf(bench, order.instance)).toEqual(["disk-0"]);
    expect(await bench.agent().instance(order.instance.id)).toMatchObject({ power: "running", installId: null });
  });

  test.each(["room again", "kill -9 of the agent"])("when the end is to be written down, and then %s, keeps the previous system, and the install is done", async (then) => {
    const { order, before } = await installed();
    const tryAgain = watchTries();
    vi.spyOn(Lease.prototype, "end").mockImplementationOnce(() => undefined).mockImplementationOnce(() => {
      closeFile(recordOf(order.id));
    });
    await bench.agent().install(order);
    await untilSaid(order.id, HOLDS);
    await expect(bench.agent().power(order.instance.id, powerOrder(order.instance, "stop"))).rejects.toMatchObject({ code: "conflict" });
    await openFile(recordOf(order.id));
    if (then === "kill -9 of the agent") await bench.crash();
    else tryAgain();
    expect(await bench.untilEnd(order.id)).toMatchObject({ state: "done", committed: true });
    expect(await contentOf(bench, order.instance)).not.toBe(before);
    expect(await disksOf(bench, order.instance)).toEqual(["disk-0", `disk-0.previous-${order.id}`]);
    expect(await bench.agent().instance(order.instance.id)).toMatchObject({ power: "running", installId: null });
  });

  test("while an install is put back lets nothing else begin on the instance until it is", async () => {
    const { order, before } = await installed();
    watchTries();
    bench.hypervisor.appliance = hangs;
    await bench.agent().install(order);
    await stepBegan(bench, order.id, "unpack");
    const file = join(folderOf(bench, order.instance), "instance.json");
    closeFile(file);
    await bench.agent().cancelInstall(order.id);
    await untilSaid(order.id, HOLDS);
    await expect(bench.agent().install(bench.order({ operation: "reinstall", instance: order.instance }))).rejects.toMatchObject({ code: "conflict" });
    await openFile(file);
    await bench.crash();
    expect(await bench.untilEnd(order.id)).toMatchObject({ state: "failed" });
    expect(await contentOf(bench, order.instance)).toBe(before);
    bench.hypervisor.appliance = installsWell;
    expect(await bench.run(bench.order({ operation: "reinstall", instance: order.instance }))).toMatchObject({ state: "done" });
  });
});

describe("an order that had to wait for its instance", () => {
  test("has no more of its lease than is left, and is refused when that is over", async () => {
    const { order } = await installed();
    const instance = vi.spyOn(Instance.prototype, "stop");
    const stopping = Promise.withResolvers<undefined>();
    instance.mockImplementationOnce(() => stopping.promise);
    const stopped = bench.agent().power(order.instance.id, powerOrder(order.instance, "stop"));
    await vi.waitUntil(() => instance.mock.calls.length > 0);
    const ordering = bench.agent().install({ ...order, leaseSeconds: 10 });
    const refused = expect(ordering).rejects.toMatchObject({ code: "lease_expired" });
    const now = performance.now();
    vi.spyOn(performance, "now").mockReturnValue(now + 11_000);
    stopping.resolve(undefined);
    await refused;
    await stopped;
    expect(await bench.agent().instance(order.instance.id)).toMatchObject({ installId: null });
  });
});

describe("kill -9 of the agent", () => {
  test("while an install that didn't get to its swap is put back doesn't make it a done one", async () => {
    const { order, before } = await installed();
    // The lease is over between the last thing written down and the rename.
    let looks = 0;
    vi.spyOn(Lease.prototype, "isHeld", "get").mockImplementation(() => ++looks > 1_000);
    const never = new Promise<never>(() => undefined);
    vi.spyOn(Install.prototype, "close").mockImplementationOnce(() => never);
    await bench.agent().install(order);
    await bench.until((event) => event.type === "instance.power" && event.instanceId === order.instance.id && event.power === "running" && looks > 0);
    vi.restoreAllMocks();
    expect(JSON.parse(await readFile(recordOf(order.id), "utf8"))).toMatchObject({ phase: "open" });
    await bench.crash();
    expect(await bench.untilEnd(order.id)).toMatchObject({ state: "failed", committed: false });
    expect(await contentOf(bench, order.instance)).toBe(before);
  });
});

describe("an install that has no end", () => {
  test("of its own is ended while its package is laid over what a medium's system has left", async () => {
    const limitSeconds = 7_321;
    const timers = vi.spyOn(globalThis, "setTimeout");
    const limits = (): (() => void)[] => timers.mock.calls.filter(([, milliseconds]) => milliseconds === limitSeconds * 1_000).map(([end]) => end);
    const server = await serveFiles();
    try {
      bench.hypervisor.appliance = staysSilent;
      const order = bench.order({ medium: { cdrom_image_path: server.url("boot.iso") }, completion: "first_boot", allowPrivate: ["127.0.0.1"], appliance: { rootDigest: await bench.put(Buffer.from("root")) }, timeoutSeconds: limitSeconds });
      await bench.agent().install({ ...order, os: null, package: { url: server.url("a.tar.gz"), checksum: null, credentials: null } });
      await vi.waitUntil(() => bench.hypervisor.running.includes("appliance"), { timeout: 20_000 });
      // The install's own has done its work with the medium's report.
      expect(limits()).toHaveLength(2);
      limits()[1]?.();
      expect(await bench.untilEnd(order.id)).toMatchObject({ state: "timed_out", error: { step: "personalize" } });
      expect(bench.hypervisor.running).toEqual([]);
    } finally {
      await server.close();
    }
  });

  test("in place doesn't wait for other disks to be overwritten once it is cancelled", async () => {
    const { order } = await installed();
    const settled = vi.spyOn(Eraser.prototype, "settled").mockReturnValue(new Promise(() => undefined));
    await bench.agent().install({ ...order, inPlace: true, erase: true });
    await vi.waitUntil(() => settled.mock.calls.length > 0, { timeout: 20_000 });
    await bench.agent().cancelInstall(order.id);
    expect(await bench.untilEnd(order.id)).toMatchObject({ state: "cancelled", overwritten: true });
    settled.mockRestore();
  });
});

describe("a record that can't be read", () => {
  test("of one install keeps the agent from none of the others", async () => {
    const { order } = await installed();
    await writeFile(recordOf(randomUUID()), '{"status":');
    await writeFile(recordOf(randomUUID()), '{"of":"another release"}');
    await bench.crash();
    expect(await bench.agent().instance(order.instance.id)).toMatchObject({ power: "running" });
    expect(await bench.run(order)).toMatchObject({ state: "done" });
  });

  test("of one instance keeps the agent from that one alone", async () => {
    const { order } = await installed();
    const broken = randomUUID();
    await mkdir(join(bench.dataDir, "instances", broken));
    await writeFile(join(bench.dataDir, "instances", broken, "instance.json"), "{");
    await bench.crash();
    expect(await bench.agent().instance(order.instance.id)).toMatchObject({ power: "running" });
    expect(await bench.run(order)).toMatchObject({ state: "done" });
  });
});

describe("what an earlier release has left", () => {
  /** Takes out what its records hadn't. */
  async function age(file: string, change: { readonly phase?: string; readonly previousUntil?: null; readonly status?: object } = {}): Promise<void> {
    // The test's own view of records whose form the agent fixes.
    const { completion: _c, replaces: _r, exportId: _x, erase: _e, status, previous, ...record } = JSON.parse(await readFile(file, "utf8")) as Record<string, object>;
    const { overwritten: _o, confirmed: _f, facts: _a, ...statusOfThen } = { overwritten: null, confirmed: null, facts: null, ...status };
    const { dataDisks: _d, ...previousOfThen } = { dataDisks: null, ...previous };
    await writeFile(file, JSON.stringify({ ...record, previous: previousOfThen, ...change, status: { ...statusOfThen, ...change.status } }));
  }
  async function ageInstance(id: string): Promise<void> {
    const file = join(bench.dataDir, "instances", id, "instance.json");
    // As above.
    const { rescue: _r, ...record } = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    await writeFile(file, JSON.stringify(record));
  }

  test("is an install that is over, whose instance goes on and can be installed anew", async () => {
    const { order } = await installed();
    expect(await bench.run(order)).toMatchObject({ state: "done" });
    await age(recordOf(order.id));
    await ageInstance(order.instance.id);
    await bench.crash();
    expect(await bench.agent().installStatus(order.id)).toMatchObject({ state: "done", overwritten: false, facts: { image: null } });
    expect(await bench.agent().instance(order.instance.id)).toMatchObject({ power: "running" });
    expect(await bench.run({ ...order, id: randomUUID() })).toMatchObject({ state: "done" });
  });

  test.each(["open", "swapping", "committed", "reverting"] as const)("is an install that isn't, %s, which is brought to its end", async (phase) => {
    const { order, before } = await installed();
    expect(await bench.run(order)).toMatchObject({ state: "done" });
    const after = await contentOf(bench, order.instance);
    const folder = folderOf(bench, order.instance);
    const isSwapped = phase === "committed" || phase === "reverting";
    if (!isSwapped) {
      await rename(join(folder, "disk-0"), join(folder, "disk-0.new"));
      await link(join(folder, `disk-0.previous-${order.id}`), join(folder, "disk-0"));
      if (phase === "open") await rm(join(folder, `disk-0.previous-${order.id}`));
    }
    await age(recordOf(order.id), { phase, previousUntil: null, status: { state: isSwapped ? "starting" : "verifying", committed: isSwapped } });
    await bench.crash();
    expect(await bench.agent().installStatus(order.id)).toMatchObject(phase === "committed" ? { state: "done" } : { state: "failed", error: { code: "agent_restarted" } });
    expect(await contentOf(bench, order.instance)).toBe(phase === "committed" ? after : before);
    expect(await disksOf(bench, order.instance)).toEqual(phase === "committed" ? ["disk-0", `disk-0.previous-${order.id}`] : ["disk-0"]);
  });
});
