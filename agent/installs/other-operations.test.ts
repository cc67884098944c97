import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createHash, randomUUID } from "node:crypto";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { createInstallBench, type InstallBench, tarOf } from "../testing/install-bench.ts";
import type { ScriptOrder } from "../testing/orders.ts";
import { byScript, type GuestScript, staysSilent } from "../testing/scripted-hypervisor.ts";
import { contentOf, disksOf, folderOf, statesOf, stepBegan } from "./testing.ts";

let bench: InstallBench;
let untrustedDigest: string;
beforeEach(async () => {
  bench = await createInstallBench();
  const names = ["create", "import", "export", "rename"];
  untrustedDigest = await bench.put(Buffer.concat(names.map((name, index) => tarOf(`./${name}`, "#!/bin/sh\n").subarray(0, index < names.length - 1 ? -1_024 : undefined))));
});
afterEach(() => bench.remove());

/** An instance that runs, what is on its disk, and an order for it. */
async function installed(operation: "rename" | "export", change: Parameters<InstallBench["order"]>[0] = {}): Promise<{ order: ScriptOrder; before: string }> {
  const first = bench.order();
  expect(await bench.run(first)).toMatchObject({ state: "done" });
  const order = bench.order({ operation, instance: first.instance, start: null, ...change, os: { untrustedDigest, script: operation, ...change.os } });
  return { order, before: await contentOf(bench, first.instance) };
}

describe("a rename", () => {
  const renames: GuestScript = async (machine) => {
    const disk = await readFile(join(machine.plan.folder, machine.plan.disks[0]?.file ?? ""), "utf8");
    await machine.post(`found ${disk.slice(0, 9)}, was ${z.object({ oldName: z.string() }).parse(JSON.parse((await machine.get("/ganeti/latest/meta_data.json")).body)).oldName}\n`);
    await machine.report(0);
  };

  test("works on a copy of the disk, swaps it in, and keeps the one from before", async () => {
    bench.hypervisor.appliance = byScript({ rename: renames });
    const { order, before } = await installed("rename");
    const renamed = { ...order, oldName: order.instance.name, instance: { ...order.instance, name: "web2.example.org" } };
    expect(await bench.run(renamed)).toMatchObject({ state: "done", committed: true });
    expect(statesOf(bench, order.id)).toEqual(["accepted", "queued", "preparing", "imaging", "installing", "verifying", "starting", "done"]);
    expect(bench.entries(order.id).map((entry) => entry.text)).toContain("found system of, was web1.example.org");
    expect(await disksOf(bench, order.instance)).toEqual(["disk-0", `disk-0.previous-${order.id}`]);
    expect(await contentOf(bench, order.instance)).toBe(before);
    expect(bench.hypervisor.running).toEqual(["instance"]);
  });

  test("that fails leaves name, disk and power", async () => {
    bench.hypervisor.appliance = byScript({
      rename: async (machine) => {
        await machine.writeDisk();
        await machine.report(1);
      },
    });
    const { order, before } = await installed("rename", { oldName: "web1.example.org" });
    expect(await bench.run(order)).toMatchObject({ state: "failed", error: { code: "script_failed" } });
    expect(await contentOf(bench, order.instance)).toBe(before);
    expect(await disksOf(bench, order.instance)).toEqual(["disk-0"]);
    expect(bench.hypervisor.running).toEqual(["instance"]);
  });
});

describe("an export", () => {
  const exports: GuestScript = async (machine) => {
    await machine.post(`export: ${String(await machine.send("os/export/0", "a dump"))}\n`);
    await machine.report(0);
  };

  test("reads the disks as they are, changes nothing, and has the system back", async () => {
    bench.hypervisor.appliance = byScript({ export: exports });
    const exportId = randomUUID();
    const { order, before } = await installed("export", { exportId });
    const status = await bench.run(order);
    expect(status).toMatchObject({ state: "done", committed: false, percent: 100, facts: { files: [{ index: 0, name: "disk-0.dump", bytes: 6 }] } });
    expect(statesOf(bench, order.id)).toEqual(["accepted", "queued", "preparing", "installing", "verifying", "starting", "done"]);
    expect(bench.hypervisor.started.at(-2)?.disks.map(({ file, readOnly }) => [file, readOnly])).toEqual([["disk-0", true]]);
    expect(await contentOf(bench, order.instance)).toBe(before);
    expect(await disksOf(bench, order.instance)).toEqual(["disk-0"]);
    expect(bench.hypervisor.running).toEqual(["instance"]);
    expect(await text((await bench.agent().readExportFile(exportId, "disk-0.dump")).stream)).toBe("a dump");
  });

  test("that reports success and gave nothing has failed", async () => {
    bench.hypervisor.appliance = byScript({ export: (machine) => machine.report(0) });
    const { order } = await installed("export", { exportId: randomUUID() });
    expect(await bench.run(order)).toMatchObject({ state: "failed", error: { code: "script_failed" } });
    expect(bench.hypervisor.running).toEqual(["instance"]);
  });

  test.each(["a cancellation", "kill -9 of the agent"])("leaves nothing of itself after %s", async (ending) => {
    bench.hypervisor.appliance = byScript({
      export: async (machine) => {
        await machine.send("os/export/0", "half of it");
        await machine.post('{"step":"unpack"}\n');
        await staysSilent(machine);
      },
    });
    const exportId = randomUUID();
    const { order, before } = await installed("export", { exportId });
    await bench.agent().install(order);
    await stepBegan(bench, order.id, "unpack");
    if (ending === "a cancellation") await bench.agent().cancelInstall(order.id);
    else await bench.crash();
    expect(await bench.untilEnd(order.id)).toMatchObject({ committed: false });
    expect(existsSync(join(bench.dataDir, "exports", exportId))).toBe(false);
    expect(await contentOf(bench, order.instance)).toBe(before);
    expect(bench.hypervisor.running).toEqual(["instance"]);
  });
});

describe("an import", () => {
  test("fills a new instance's disks from an export, and a failed one leaves nothing of it", async () => {
    const exportId = randomUUID();
    const sha256 = createHash("sha256").update("a dump").digest("hex");
    await bench.agent().putExportFile(exportId, "disk-0.dump", sha256, Readable.from([Buffer.from("a dump")]));
    bench.hypervisor.appliance = byScript({
      import: async (machine) => {
        const { body } = await machine.get("/ganeti/latest/os/import/0");
        await machine.post(`read ${body}\n`);
        await machine.writeDisk();
        await machine.report(body === "a dump" ? 0 : 1);
      },
    });
    const order = (): ScriptOrder => bench.order({ operation: "import", exportId, importFiles: [{ index: 0, name: "disk-0.dump", sha256, bytes: 6 }], os: { untrustedDigest, script: "import" } });
    const made = order();
    expect(await bench.run(made)).toMatchObject({ state: "done", committed: true });
    expect(bench.entries(made.id).map((entry) => entry.text)).toContain("read a dump");
    const failing = { ...order(), importFiles: [] };
    expect(await bench.run(failing)).toMatchObject({ state: "failed" });
    expect(existsSync(folderOf(bench, failing.instance))).toBe(false);
  });

  test("needs an appliance that knows how", async () => {
    const made = bench.order({ operation: "import", exportId: randomUUID(), appliance: { contract: 1 }, os: { untrustedDigest, script: "import" } });
    expect(await bench.run(made)).toMatchObject({ state: "failed", error: { code: "unsupported" } });
  });
});
