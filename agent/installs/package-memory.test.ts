import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type * as fetchPackageModule from "../sources/fetch-package.ts";
import { createInstallBench, type InstallBench } from "../testing/install-bench.ts";
import { byScript, type GuestScript, staysSilent } from "../testing/scripted-hypervisor.ts";
import { type FileServer, serveFiles, stepBegan } from "./testing.ts";

/** What was fetched, as the install holds it. */
const fetched = vi.hoisted((): Buffer[] => []);
vi.mock("../sources/fetch-package.ts", async (load) => {
  const original = await load<typeof fetchPackageModule>();
  return {
    ...original,
    fetchPackage: async (...how: Parameters<typeof original.fetchPackage>) => {
      const result = await original.fetchPackage(...how);
      fetched.push(result.bytes);
      return result;
    },
  };
});

let bench: InstallBench;
let server: FileServer;
beforeEach(async () => {
  fetched.length = 0;
  bench = await createInstallBench();
  server = await serveFiles();
});
afterEach(async () => {
  await bench.remove();
  await server.close();
});

describe("a package in the node's memory", () => {
  const ends: readonly (readonly [string, GuestScript, string])[] = [
    ["was laid over", (machine) => machine.report(0), "done"],
    ["couldn't be laid over", (machine) => machine.report(1), "failed"],
    ["was being laid over when that was cancelled", staysSilent, "cancelled"],
  ];
  for (const [what, script, state] of ends) {
    test(`is zeros once it ${what}`, async () => {
      bench.hypervisor.appliance = byScript({ personalize: script });
      const rootDigest = await bench.put(Buffer.from("a userland"));
      const order = bench.order({ appliance: { rootDigest }, package: { url: server.url("site.tgz"), checksum: null, credentials: null }, allowPrivate: ["127.0.0.1"] });
      await bench.agent().install(order);
      await stepBegan(bench, order.id, "personalize");
      if (state === "cancelled") await bench.agent().cancelInstall(order.id);
      expect(await bench.untilEnd(order.id)).toMatchObject({ state });
      expect(fetched).toHaveLength(1);
      await expect.poll(() => fetched[0]?.every((byte) => byte === 0)).toBe(true);
    });
  }

  test("is zeros where what comes before it fails", async () => {
    const order = bench.order({ appliance: { rootDigest: await bench.put(Buffer.from("a userland")) }, package: { url: server.url("site.tgz"), checksum: null, credentials: null }, allowPrivate: ["127.0.0.1"] });
    bench.hypervisor.appliance = byScript({ create: (machine) => machine.report(1) });
    expect(await bench.run(order)).toMatchObject({ state: "failed" });
    await expect.poll(() => fetched[0]?.every((byte) => byte === 0)).toBe(true);
  });
});
