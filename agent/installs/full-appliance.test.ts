import { createHash, randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createInstallBench, type InstallBench } from "../testing/install-bench.ts";
import type { ScriptOrder } from "../testing/orders.ts";
import { installsWell } from "../testing/scripted-hypervisor.ts";

let bench: InstallBench;
beforeEach(async () => {
  bench = await createInstallBench();
});
afterEach(() => bench.remove());

async function put(content: string): Promise<string> {
  const digest = createHash("sha256").update(content).digest("hex");
  await bench.agent().putBlob(digest, Readable.from([Buffer.from(content)]));
  return digest;
}

/** An order for a definition that wants a whole system around it, with its image laid over that. */
async function fullOrder(): Promise<ScriptOrder> {
  const order = bench.order();
  return {
    ...order,
    appliance: { ...order.appliance, rootDigest: await put("a userland") },
    os: { ...order.os, appliance: "full", imageUse: "layer", imageDigest: await put("a layer") },
  };
}

describe("a definition that asks for the full appliance", () => {
  test("gets the userland as a read-only disk behind its own, and the runner is told of both", async () => {
    let metadata = "";
    bench.hypervisor.appliance = async (guest) => {
      metadata = (await guest.get("/ganeti/latest/meta_data.json")).body;
      await installsWell(guest);
    };
    expect(await bench.run(await fullOrder())).toMatchObject({ state: "done" });
    expect(JSON.parse(metadata)).toMatchObject({ contract: 2, appliance: { rootSerial: "appliance-root" }, os: { imageSerial: "os-image", imageUse: "layer" } });
    const [plan] = bench.hypervisor.started;
    expect(plan?.disks.map(({ serial, readOnly }) => [serial, readOnly])).toEqual([
      ["disk-0", false],
      ["os-image", true],
      ["appliance-root", true],
    ]);
    // The userland's files and what scripts write are in memory.
    expect(plan?.memoryMib).toBeGreaterThanOrEqual(512);
  });

  test("isn't told of a userland that the small appliance doesn't have", async () => {
    let metadata = "";
    bench.hypervisor.appliance = async (guest) => {
      metadata = (await guest.get("/ganeti/latest/meta_data.json")).body;
      await installsWell(guest);
    };
    const order = await fullOrder();
    expect(await bench.run({ ...order, os: { ...order.os, appliance: "small", imageUse: "device" } })).toMatchObject({ state: "done" });
    expect(JSON.parse(metadata)).toMatchObject({ appliance: { rootSerial: null }, os: { imageUse: "device" } });
    expect(bench.hypervisor.started[0]?.disks.map(({ serial }) => serial)).toEqual(["disk-0", "os-image"]);
  });

  test("is refused before anything runs where there is none, or nothing to lay its image over", async () => {
    const order = await fullOrder();
    const cases: readonly (readonly [Partial<ScriptOrder>, { readonly code: string; readonly message: string }])[] = [
      [{ appliance: { ...order.appliance, rootDigest: null } }, { code: "unsupported", message: "The OS definition needs an appliance with a full userland, and the cluster's has none." }],
      [{ appliance: { ...order.appliance, rootDigest: "f".repeat(64) } }, { code: "unknown_object", message: "The node doesn't have a file that the install needs." }],
      [{ os: { ...order.os, appliance: "small" } }, { code: "unsupported", message: "The OS definition's image is laid over a full userland, and it asks for the small appliance." }],
    ];
    for (const [change, error] of cases) {
      expect(await bench.run({ ...order, ...change, id: randomUUID() })).toMatchObject({ state: "failed", error });
    }
    expect(bench.hypervisor.started).toEqual([]);
  });
});
