import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { InstallOrder } from "#lib/agent-protocol/messages.ts";
import type { DiskImage } from "#lib/domain/install-source.ts";
import { secretValue } from "#lib/domain/visibility.ts";
import { createInstallBench, type InstallBench, type OrderChange } from "../testing/install-bench.ts";
import type { ScriptOrder } from "../testing/orders.ts";
import { byScript, type GuestScript } from "../testing/scripted-hypervisor.ts";
import { contentOf, disksOf, type FileServer, PACKAGE, plainOrder, serveFiles, statesOf, stepBegan } from "./testing.ts";

let bench: InstallBench;
let images: string;
let server: FileServer;
let rootDigest: string;
beforeEach(async () => {
  images = await realpath(await mkdtemp(join(tmpdir(), "images-")));
  await writeFile(join(images, "system.raw"), Buffer.concat([Buffer.from("an image of a system"), Buffer.alloc(1_048_576)]));
  server = await serveFiles();
  bench = await createInstallBench({ imageFolders: [images] });
  rootDigest = await bench.put(Buffer.from("a userland"));
});
afterEach(async () => {
  await bench.remove();
  await server.close();
  await rm(images, { recursive: true });
});

function image(): DiskImage {
  return { location: join(images, "system.raw"), format: "raw", compression: "none", checksum: null, contentChecksum: null };
}
function archive(name = "site.tgz"): NonNullable<InstallOrder["package"]> {
  return { url: server.url(name), checksum: null, credentials: secretValue("anna:canary-of-the-password") };
}
/** With an appliance that has a userland, and leave to fetch from this machine. */
function order(change: OrderChange = {}): ScriptOrder {
  return bench.order({ allowPrivate: ["127.0.0.1"], appliance: { rootDigest }, ...change });
}
function withoutScripts(change: Partial<InstallOrder>): InstallOrder {
  const made = order();
  return plainOrder(made, { completion: "written", ...change });
}
/** Looks at its disk before it goes on. */
const personalizes: GuestScript = async (machine) => {
  const { bytes } = await machine.getBytes("/ganeti/latest/os/package");
  await machine.post(`laid over: ${bytes.equals(PACKAGE) ? "the package" : "something else"}\n`);
  await machine.report(0);
};

describe("an image alone", () => {
  test("is written while the old system goes on, and is the system then", async () => {
    const made = withoutScripts({ image: image() });
    const status = await bench.run(made);
    expect(status).toMatchObject({ state: "done", committed: true, error: null, confirmed: null });
    expect(statesOf(bench, made.id)).toEqual(["accepted", "queued", "preparing", "imaging", "verifying", "starting", "done"]);
    expect(await contentOf(bench, made.instance)).toContain("an image of a system");
    expect(bench.hypervisor.started.map(({ kind }) => kind)).toEqual(["instance"]);
    expect(status.facts.image).toMatchObject({ virtualBytes: 1_048_576 + 20, sha256: createHash("sha256").update("an image of a system").update(Buffer.alloc(1_048_576)).digest("hex") });
    const again = withoutScripts({ operation: "reinstall", instance: made.instance, image: image(), start: null });
    expect(await bench.run(again)).toMatchObject({ state: "done" });
    expect(await disksOf(bench, made.instance)).toEqual(["disk-0", `disk-0.previous-${again.id}`]);
    expect(bench.hypervisor.running).toEqual(["instance"]);
  });

  test("that is larger than the disk is refused before anything is touched", async () => {
    await writeFile(join(images, "system.raw"), Buffer.alloc(17 * 1_048_576));
    const made = withoutScripts({ image: image() });
    expect(await bench.run(made)).toMatchObject({ state: "failed", error: { code: "disk_too_small", step: "prepare" } });
    expect(bench.hypervisor.started).toEqual([]);
  });
});

describe("an image and scripts", () => {
  test("have the script work on what the image brought", async () => {
    let found = "";
    bench.hypervisor.appliance = async (machine) => {
      found = (await readFile(join(machine.plan.folder, "disk-0.new"), "utf8")).slice(0, 20);
      await machine.report(0);
    };
    const made = order({ image: image() });
    expect(await bench.run(made)).toMatchObject({ state: "done" });
    expect(found).toBe("an image of a system");
    expect(statesOf(bench, made.id)).toEqual(["accepted", "queued", "preparing", "imaging", "installing", "verifying", "starting", "done"]);
  });
});

describe("an image and a package", () => {
  test("need the appliance for the package alone, in the full userland and without a value", async () => {
    const seen: string[] = [];
    bench.hypervisor.appliance = byScript({
      personalize: async (machine) => {
        seen.push((await machine.get("/ganeti/latest/os/parameters.json")).body);
        await personalizes(machine);
      },
    });
    const made = { ...withoutScripts({ image: image(), package: archive() }), appliance: order().appliance, parameters: new Map([["root_password", { visibility: "secret", value: secretValue("correct horse") } as const]]) };
    const status = await bench.run(made);
    expect(status).toMatchObject({ state: "done", facts: { package: { bytes: PACKAGE.length, sha256: createHash("sha256").update(PACKAGE).digest("hex") } } });
    expect(statesOf(bench, made.id)).toEqual(["accepted", "queued", "preparing", "imaging", "personalizing", "verifying", "starting", "done"]);
    expect(bench.entries(made.id).map(({ text }) => text)).toContain("laid over: the package");
    expect(seen).toEqual(["{}"]);
    const [run] = bench.hypervisor.started;
    expect(run?.disks.map(({ serial, readOnly }) => [serial, readOnly])).toEqual([
      ["disk-0", false],
      ["appliance-root", true],
    ]);
    expect(JSON.stringify(bench.events())).not.toContain("canary-of-the-password");
  });
});

describe("scripts and a package", () => {
  test("never meet: the script's appliance has no package, the package's no script", async () => {
    const answers: number[] = [];
    bench.hypervisor.appliance = byScript({
      create: async (machine) => {
        answers.push((await machine.get("/ganeti/latest/os/package")).status);
        await machine.writeDisk();
        await machine.report(0);
      },
      personalize: async (machine) => {
        answers.push((await machine.get("/ganeti/latest/os/untrusted.tar")).status);
        await personalizes(machine);
      },
    });
    const made = order({ package: archive() });
    expect(await bench.run(made)).toMatchObject({ state: "done" });
    expect(answers).toEqual([404, 404]);
    expect(statesOf(bench, made.id)).toEqual(["accepted", "queued", "preparing", "installing", "personalizing", "verifying", "starting", "done"]);
  });

  test("a package that can't be laid over leaves the instance as it was", async () => {
    const first = order();
    await bench.run(first);
    const before = await contentOf(bench, first.instance);
    bench.hypervisor.appliance = byScript({
      personalize: async (machine) => {
        await machine.post("no filesystem that can be mounted\n");
        await machine.report(4);
      },
    });
    const made = order({ operation: "reinstall", instance: first.instance, start: null, package: archive() });
    const status = await bench.run(made);
    expect(status).toMatchObject({ state: "failed", error: { code: "script_failed", step: "personalize" } });
    expect(status.error?.message).toContain("It said last: no filesystem that can be mounted");
    expect(await contentOf(bench, first.instance)).toBe(before);
    expect(bench.hypervisor.running).toEqual(["instance"]);
  });
});

describe("image, scripts and package", () => {
  test("go through every state, and are fetched before the running system stops", async () => {
    const first = order();
    await bench.run(first);
    bench.hypervisor.appliance = byScript({ personalize: personalizes });
    const made = order({ operation: "reinstall", instance: first.instance, start: null, image: image(), package: archive() });
    const status = await bench.run(made);
    expect(status).toMatchObject({ state: "done", percent: 100 });
    expect(statesOf(bench, made.id)).toEqual(["accepted", "queued", "preparing", "imaging", "installing", "personalizing", "verifying", "starting", "done"]);
    const began = (id: string): string => status.steps.find((step) => step.id === id)?.startedAt ?? "";
    const steps = ["prepare", "package", "image", "stop", "appliance", "personalize", "swap", "boot"].map(began);
    expect(steps).toEqual([...steps].sort());
    expect(steps).not.toContain("");
  });
});

describe("in each stage before the commit", () => {
  /** By which its timer is told from every other. */
  const LEASE_SECONDS = 4_321;
  const hangs: GuestScript = ({ ended }) =>
    new Promise((resolve) => {
      ended.addEventListener("abort", () => {
        resolve();
      });
    });
  /** How an install is kept in a stage, and the step in which it is then. */
  const stages: readonly (readonly [string, () => Partial<InstallOrder>, () => void])[] = [
    ["package", () => ({ package: archive("held.tgz") }), () => undefined],
    ["media", () => ({ medium: { cdrom_image_path: server.url("held.iso") } }), () => undefined],
    ["image", () => ({ image: { ...image(), location: server.url("slow.raw") } }), () => undefined],
    ["appliance", () => ({}), () => (bench.hypervisor.appliance = byScript({ create: hangs }))],
    ["medium", () => ({ medium: { boot_order: "disk" }, completion: "first_boot" }), () => (bench.hypervisor.medium = hangs)],
    ["personalize", () => ({ package: archive() }), () => (bench.hypervisor.appliance = byScript({ personalize: hangs }))],
  ];
  const endings = ["a cancellation", "the end of the lease", "kill -9 of the agent"] as const;
  for (const [stage, change, hold] of stages) {
    for (const ending of endings) {
      test(`${stage}: ${ending} leaves the instance as it was`, async () => {
        const first = order();
        await bench.run(first);
        const before = await contentOf(bench, first.instance);
        hold();
        const made = { ...order({ operation: "reinstall", instance: first.instance, start: null }), ...change(), leaseSeconds: LEASE_SECONDS };
        const timers = vi.spyOn(globalThis, "setTimeout");
        await bench.agent().install(made);
        await stepBegan(bench, made.id, stage);
        if (stage === "package" || stage === "media") await server.held;
        else if (stage !== "image") await expect.poll(() => bench.hypervisor.running).toContain(stage === "medium" ? "medium" : "appliance");
        // A busy machine takes longer to come here than a test could wait for the end of a lease.
        const lease = timers.mock.calls.find(([, milliseconds = 0]) => Math.ceil(milliseconds / 1_000) === LEASE_SECONDS);
        timers.mockRestore();
        if (ending === "the end of the lease") lease?.[0]();
        if (ending === "a cancellation") await bench.agent().cancelInstall(made.id);
        if (ending === "kill -9 of the agent") await bench.crash();
        const status = await bench.untilEnd(made.id);
        const code = { "a cancellation": "cancelled", "the end of the lease": "lease_expired", "kill -9 of the agent": "agent_restarted" }[ending];
        expect(status).toMatchObject({ state: ending === "a cancellation" ? "cancelled" : "failed", committed: false, error: { code } });
        expect(await contentOf(bench, first.instance)).toBe(before);
        expect(await disksOf(bench, first.instance)).toEqual(["disk-0"]);
        await expect.poll(() => bench.hypervisor.running).toEqual(["instance"]);
        expect(await bench.agent().instance(first.instance.id)).toMatchObject({ power: "running", installId: null });
      });
    }
  }
});
