import { mkdtemp, realpath, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createInstallBench, type InstallBench } from "../testing/install-bench.ts";
import { exampleInstance, powerOrder, type ScriptOrder } from "../testing/orders.ts";
import { byScript, type GuestScript, installsWell, staysSilent } from "../testing/scripted-hypervisor.ts";
import { contentOf, disksOf, folderOf, plainOrder, stepBegan } from "./testing.ts";

let bench: InstallBench;
let images: string;
beforeEach(async () => {
  images = await realpath(await mkdtemp(join(tmpdir(), "images-")));
  bench = await createInstallBench({ imageFolders: [images] });
});
afterEach(async () => {
  await bench.remove();
  await rm(images, { recursive: true });
});

async function running(): Promise<{ order: ScriptOrder; before: string }> {
  const first = bench.order();
  expect(await bench.run(first)).toMatchObject({ state: "done" });
  return { order: bench.order({ operation: "reinstall", instance: first.instance, start: null, inPlace: true }), before: await contentOf(bench, first.instance) };
}
const hangs: GuestScript = async (machine) => {
  await machine.writeDisk();
  await machine.post('{"step":"unpack"}\n');
  await new Promise<void>((resolve) => {
    machine.ended.addEventListener("abort", () => {
      resolve();
    });
  });
};

describe("a reinstall in place", () => {
  test("writes to the disk itself, keeps none of it, and starts the new system", async () => {
    const { order, before } = await running();
    expect(await bench.run(order)).toMatchObject({ state: "done", committed: true, overwritten: true });
    expect(await contentOf(bench, order.instance)).not.toBe(before);
    expect(await disksOf(bench, order.instance)).toEqual(["disk-0"]);
    expect(bench.hypervisor.started.at(-2)?.disks.map(({ file }) => file)).toEqual(["disk-0"]);
    expect(bench.hypervisor.running).toEqual(["instance"]);
  });

  test.each(["a failure", "a cancellation", "kill -9 of the agent"])("that ends by %s once it has written leaves the instance stopped, and says what is gone", async (ending) => {
    const { order, before } = await running();
    bench.hypervisor.appliance =
      ending === "a failure"
        ? async (machine) => {
            await machine.writeDisk();
            await machine.report(2);
          }
        : hangs;
    await bench.agent().install(order);
    if (ending !== "a failure") await stepBegan(bench, order.id, "unpack");
    if (ending === "a cancellation") await bench.agent().cancelInstall(order.id);
    if (ending === "kill -9 of the agent") await bench.crash();
    expect(await bench.untilEnd(order.id)).toMatchObject({ committed: false, overwritten: true });
    expect(await bench.agent().instance(order.instance.id)).toMatchObject({ power: "stopped", installId: null });
    expect(await contentOf(bench, order.instance)).not.toBe(before);
    expect(bench.hypervisor.running).toEqual([]);
    // It can be installed anew.
    bench.hypervisor.appliance = installsWell;
    expect(await bench.run({ ...order, id: randomUUID(), start: true })).toMatchObject({ state: "done" });
  });

  test("that fails before its first byte leaves the instance as it was, running", async () => {
    const { order, before } = await running();
    const image = { location: join(images, "none.raw"), format: "raw", compression: "none", checksum: null, contentChecksum: null } as const;
    expect(await bench.run({ ...order, image })).toMatchObject({ state: "failed", overwritten: false });
    expect(await contentOf(bench, order.instance)).toBe(before);
    expect(bench.hypervisor.running).toEqual(["instance"]);
    expect(bench.hypervisor.started).toHaveLength(2);
  });

  test("of an image stops the system when the image is there, and not before", async () => {
    const { order } = await running();
    await writeFile(join(images, "system.raw"), Buffer.concat([Buffer.from("an image of a system"), Buffer.alloc(8_192)]));
    const image = { location: join(images, "system.raw"), format: "raw", compression: "none", checksum: null, contentChecksum: null } as const;
    const made = plainOrder(order, { image, completion: "written" });
    const status = await bench.run(made);
    expect(status).toMatchObject({ state: "done", overwritten: true });
    expect(await contentOf(bench, order.instance)).toBe("an image of a system");
    const began = (id: string): string => status.steps.find((step) => step.id === id)?.startedAt ?? "";
    expect(began("stop") >= began("image")).toBe(true);
  });

  test("needs the room of its disk alone, and not what another install still wants", async () => {
    const { order } = await running();
    const { bavail, bsize } = await statfs(bench.dataDir);
    const sizeMib = Math.floor((0.7 * bavail * bsize) / 1_048_576);
    const large = { ...order.instance, disks: order.instance.disks.map((disk) => ({ ...disk, sizeMib })) };
    // One that holds its room, beside which there is none for another.
    bench.hypervisor.appliance = byScript({ create: hangs });
    const other = bench.order({ instance: { ...large, id: randomUUID() } });
    await bench.agent().install(other);
    await stepBegan(bench, other.id, "unpack");
    expect(await bench.run({ ...order, id: randomUUID(), instance: large })).toMatchObject({ state: "failed", overwritten: false, error: { code: "no_room" } });
    await bench.agent().cancelInstall(other.id);
    await bench.untilEnd(other.id);
    bench.hypervisor.appliance = installsWell;
    expect(await bench.run({ ...order, id: randomUUID(), instance: large })).toMatchObject({ state: "done" });
  });
});

test("what failed in place is started by nobody's restart, and a restarted agent keeps it so", async () => {
  const { order } = await running();
  bench.hypervisor.appliance = async (machine) => {
    await machine.writeDisk();
    await machine.report(2);
  };
  expect(await bench.run(order)).toMatchObject({ state: "failed", overwritten: true });
  await bench.crash();
  expect(await bench.agent().instance(order.instance.id)).toMatchObject({ power: "stopped" });
  // A person may still look at what is there.
  expect(await bench.agent().power(order.instance.id, powerOrder(order.instance, "start"))).toMatchObject({ power: "running" });
});

describe("data disks that a reinstall names", () => {
  const twoDisks = [...exampleInstance().disks, { id: randomUUID(), index: 1, sizeMib: 8, name: null }, { id: randomUUID(), index: 2, sizeMib: 8, name: null }];
  /** Writes something new to each disk that it sees. */
  const writesAll: GuestScript = async (machine) => {
    for (const { file } of machine.plan.disks) await writeFile(join(machine.plan.folder, file), `${file} ${randomUUID()}`, { flag: "r+" });
    await machine.report(0);
  };
  async function withData(): Promise<{ order: ScriptOrder; before: string[] }> {
    bench.hypervisor.appliance = writesAll;
    const first = bench.order({ instance: exampleInstance({ disks: twoDisks }) });
    expect(await bench.run(first)).toMatchObject({ state: "done" });
    return { order: bench.order({ operation: "reinstall", instance: first.instance, start: null, replaceDataDisks: [1] }), before: await contents(first) };
  }
  const contents = (order: ScriptOrder): Promise<string[]> => Promise.all([0, 1, 2].map((index) => contentOf(bench, order.instance, index)));

  test("are new, and kept as long as the first one; the others are what they were", async () => {
    const { order, before } = await withData();
    expect(await bench.run(order)).toMatchObject({ state: "done" });
    const after = await contents(order);
    expect(after.map((content, index) => content === before[index])).toEqual([false, false, true]);
    expect(await disksOf(bench, order.instance)).toEqual(["disk-0", `disk-0.previous-${order.id}`, "disk-1", `disk-1.previous-${order.id}`, "disk-2"]);
  });

  test.each(["a cancellation while it boots", "kill -9 in the appliance"])("come back with the first one at %s", async (ending) => {
    const { order, before } = await withData();
    if (ending === "kill -9 in the appliance") bench.hypervisor.appliance = byScript({ create: hangs });
    else bench.hypervisor.instance = staysSilent;
    await bench.agent().install(order);
    await stepBegan(bench, order.id, ending === "kill -9 in the appliance" ? "unpack" : "boot");
    if (ending === "kill -9 in the appliance") await bench.crash();
    else await bench.agent().cancelInstall(order.id);
    expect(await bench.untilEnd(order.id)).toMatchObject({ committed: false });
    expect(await contents(order)).toEqual(before);
    expect(await disksOf(bench, order.instance)).toEqual(["disk-0", "disk-1", "disk-2"]);
  });

  test("are made where the node hasn't got them, and go again when that fails", async () => {
    const { order, before } = await withData();
    await rm(join(folderOf(bench, order.instance), "disk-2"));
    bench.hypervisor.appliance = (machine) => machine.report(1);
    expect(await bench.run(order)).toMatchObject({ state: "failed" });
    expect(await disksOf(bench, order.instance)).toEqual(["disk-0", "disk-1"]);
    bench.hypervisor.appliance = writesAll;
    expect(await bench.run({ ...order, id: randomUUID(), replaceDataDisks: [] })).toMatchObject({ state: "done" });
    expect(await contentOf(bench, order.instance, 1)).toBe(before[1]);
    expect((await contents(order))[2]).toContain("disk-2.new");
  });
});
