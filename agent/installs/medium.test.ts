import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { InstallOrder } from "#lib/agent-protocol/messages.ts";
import { secretValue } from "#lib/domain/visibility.ts";
import { createInstallBench, type InstallBench } from "../testing/install-bench.ts";
import { powerOrder } from "../testing/orders.ts";
import { byScript, type GuestScript, staysSilent } from "../testing/scripted-hypervisor.ts";
import { contentOf, disksOf, type FileServer, plainOrder, serveFiles, statesOf, stepBegan } from "./testing.ts";

let bench: InstallBench;
let images: string;
let server: FileServer;
beforeEach(async () => {
  images = await realpath(await mkdtemp(join(tmpdir(), "media-")));
  for (const name of ["linux", "initrd", "debian.iso"]) await writeFile(join(images, name), name);
  server = await serveFiles();
  bench = await createInstallBench({ imageFolders: [images] });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await bench.remove();
  await server.close();
  await rm(images, { recursive: true });
});

const SECRET = "canary-of-the-secret";
function order(change: Partial<InstallOrder> = {}): InstallOrder {
  const parameters: InstallOrder["parameters"] = new Map([["root_password", { visibility: "secret", value: secretValue(SECRET) }]]);
  return plainOrder(bench.order(), { medium: { cdrom_image_path: join(images, "debian.iso") }, completion: "first_boot", parameters, ...change });
}
/** Says what it found, and installs. */
const installs: GuestScript = async (machine) => {
  await machine.post(`found ${(await machine.get("/ganeti/latest/os/parameters.json")).body}\n`);
  await machine.writeDisk();
};

/** Until a guest of an install has said something that begins so: it is where its script waits. */
function said(id: string, beginning: string): Promise<unknown> {
  return bench.until((event) => event.type === "install.entries" && event.installId === id && event.entries.some(({ text }) => text?.startsWith(beginning) === true));
}
/** A limit of time that is told from every other by its length, and what ends it: a busy machine takes longer than any that a test could wait for. */
const LIMIT_SECONDS = 7_321;
function watchLimit(): () => void {
  const timers = vi.spyOn(globalThis, "setTimeout");
  return () => {
    const limit = timers.mock.calls.find(([, milliseconds]) => milliseconds === LIMIT_SECONDS * 1_000);
    timers.mockRestore();
    if (limit === undefined) throw new Error("nobody waits for so long");
    limit[0]();
  };
}

describe("an install medium", () => {
  test("runs on the instance's own machine with the new disk, is told the parameters, and reports", async () => {
    bench.hypervisor.medium = async (machine) => {
      await installs(machine);
      await machine.report(0);
    };
    const made = order();
    expect(await bench.run(made)).toMatchObject({ state: "done", committed: true, confirmed: true, facts: { media: [{ name: "cdrom_image_path", bytes: 10 }] } });
    expect(statesOf(bench, made.id)).toEqual(["accepted", "queued", "preparing", "installing", "verifying", "starting", "done"]);
    const [medium, system] = bench.hypervisor.started;
    expect(medium).toMatchObject({ kind: "medium", startsFrom: "cdrom", media: [{ device: "cdrom", bus: "ide", file: "media/cdrom_image_path" }], disks: [{ file: "disk-0.new", serial: "disk-0" }], channel: { kind: "session" } });
    expect(medium?.nics.map(({ mac }) => mac)).toEqual(made.instance.nics.map(({ mac }) => mac));
    // Installation parameters aren't those of execution.
    expect(system).toMatchObject({ kind: "instance", media: [], boot: null, startsFrom: "disk", channel: null });
    expect(await disksOf(bench, made.instance)).toEqual(["disk-0"]);
    expect(bench.entries(made.id).map(({ text }) => text)).toContain('found {"root_password":["<redacted>","secret"]}');
    expect(JSON.stringify(bench.events())).not.toContain(SECRET);
  });

  test("is started by its kernel, with its line and the serial console", async () => {
    bench.hypervisor.medium = installs;
    const medium = { kernel_path: join(images, "linux"), initrd_path: join(images, "initrd"), kernel_args: "auto=true url=http://x/,y", root_path: "/dev/vda1" };
    expect(await bench.run(order({ medium }))).toMatchObject({ state: "done" });
    expect(bench.hypervisor.started[0]?.boot).toEqual({ kernel: "media/kernel_path", initrd: "media/initrd_path", commandLine: "root=/dev/vda1 ro auto=true url=http://x/,y console=ttyS0" });
  });

  test("is fetched from a server, too, and nothing of it stays", async () => {
    bench.hypervisor.medium = installs;
    const made = order({ medium: { cdrom_image_path: server.url("boot.iso"), floppy_image_path: server.url("answers.img"), boot_order: "floppy" }, allowPrivate: ["127.0.0.1"] });
    expect(await bench.run(made)).toMatchObject({ state: "done" });
    expect(bench.hypervisor.started[0]).toMatchObject({ startsFrom: "floppy" });
    expect(await disksOf(bench, made.instance)).toEqual(["disk-0"]);
  });

  const endings: readonly (readonly [string, GuestScript, boolean, string])[] = [
    ["powers itself off", installs, false, "Ended, unconfirmed: the system of the install medium ended, and never reported."],
    [
      "has its time",
      async (machine) => {
        await installs(machine);
        await staysSilent(machine);
      },
      false,
      "Ended, unconfirmed: the system of the install medium was ended when the time was up, and never reported.",
    ],
    [
      "is said to be done",
      async (machine) => {
        await installs(machine);
        await staysSilent(machine);
      },
      true,
      "The wait for the install medium's report was ended by hand.",
    ],
  ];
  for (const [how, script, confirmed, notice] of endings) {
    test(`that ${how} without a report ends, ${confirmed ? "confirmed" : "unconfirmed"}, and is the system all the same`, async () => {
      bench.hypervisor.medium = script;
      const made = order({ timeoutSeconds: LIMIT_SECONDS });
      const endLimit = watchLimit();
      await bench.agent().install(made);
      await said(made.id, "found");
      if (how === "is said to be done") await bench.agent().completeInstall(made.id);
      if (how === "has its time") endLimit();
      expect(await bench.untilEnd(made.id)).toMatchObject({ state: "done", committed: true, confirmed });
      expect(bench.entries(made.id).map(({ text }) => text)).toContain(notice);
      expect(await contentOf(bench, made.instance)).toContain("system of");
      expect(bench.hypervisor.running).toEqual(["instance"]);
    });
  }

  test("that reports a failure, or writes nothing, has failed and leaves the instance as it was", async () => {
    const first = bench.order();
    await bench.run(first);
    const before = await contentOf(bench, first.instance);
    const reinstall = (): InstallOrder => order({ operation: "reinstall", instance: first.instance, start: null });
    bench.hypervisor.medium = async (machine) => {
      await installs(machine);
      await machine.report(7);
    };
    expect(await bench.run(reinstall())).toMatchObject({ state: "failed", confirmed: null, error: { code: "script_failed", step: "medium" } });
    bench.hypervisor.medium = () => Promise.resolve();
    expect(await bench.run(reinstall())).toMatchObject({ state: "failed", error: { code: "script_failed", step: "swap" } });
    expect(await contentOf(bench, first.instance)).toBe(before);
    expect(bench.hypervisor.running).toEqual(["instance"]);
  });

  test("is refused before anything is touched where the machine can't have it", async () => {
    for (const [medium, field] of [
      [{ cdrom_image_path: join(images, "debian.iso"), cdrom_disk_type: "pflash" }, "unsupported"],
      [{ cdrom_image_path: "/etc/passwd" }, "source_refused"],
    ] as const) {
      expect(await bench.run(order({ medium }))).toMatchObject({ state: "failed", error: { code: field } });
    }
    expect(await bench.run(order({ medium: { boot_order: "network" }, instance: { ...order().instance, nics: [] } }))).toMatchObject({ state: "failed", error: { code: "unsupported" } });
    expect(bench.hypervisor.started).toEqual([]);
  });

  test("leaves its slot to others while a person may take their time", async () => {
    bench.hypervisor.medium = staysSilent;
    const media = Array.from({ length: 8 }, () => order({ timeoutSeconds: null }));
    for (const made of media) {
      await bench.agent().install(made);
      await stepBegan(bench, made.id, "medium");
    }
    expect(await bench.run(bench.order())).toMatchObject({ state: "done" });
    for (const { id } of media) {
      await bench.agent().cancelInstall(id);
      expect(await bench.untilEnd(id)).toMatchObject({ state: "cancelled" });
    }
  });
});

describe("an image that says at its first boot how it went", () => {
  /** The values that it found once it has reported. */
  function reports(exitStatus: number | null, seen: string[] = []): GuestScript {
    return async (machine) => {
      if (machine.plan.channel === null) {
        await staysSilent(machine);
        return;
      }
      const read = async (): Promise<void> => {
        const { status, body } = await machine.get("/ganeti/latest/os/parameters.json");
        seen.push(`${String(status)} ${body}`);
      };
      await read();
      await machine.post(`it has ${SECRET}\n`);
      if (exitStatus !== null) await machine.report(exitStatus);
      await read();
      await staysSilent(machine);
    };
  }
  async function imageOrder(change: Partial<InstallOrder> = {}): Promise<InstallOrder> {
    await writeFile(join(images, "cloud.raw"), "a cloud image");
    return order({ medium: {}, image: { location: join(images, "cloud.raw"), format: "raw", compression: "none", checksum: null, contentChecksum: null }, ...change });
  }

  test("is served its secrets until it has reported, and not after", async () => {
    const seen: string[] = [];
    bench.hypervisor.instance = reports(0, seen);
    const made = await imageOrder({ instance: { ...bench.order().instance, communication: true } });
    expect(await bench.run(made)).toMatchObject({ state: "done", confirmed: true, committed: true });
    expect(seen[0]).toBe(`200 {"root_password":["${SECRET}","secret"]}`);
    await expect.poll(() => seen.at(1)).toBe("200 {}");
    expect(bench.entries(made.id).map(({ text }) => text)).toContain("it has <redacted>");
    expect(bench.hypervisor.started).toHaveLength(1);
    expect(await bench.agent().instance(made.instance.id)).toMatchObject({ power: "running", installId: null });
  });

  test("has its channel for that boot alone where the instance has none", async () => {
    bench.hypervisor.instance = reports(0);
    const made = await imageOrder();
    expect(await bench.run(made)).toMatchObject({ state: "done", confirmed: true });
    expect(bench.hypervisor.started.map(({ channel }) => channel?.kind ?? null)).toEqual(["session", null]);
    expect(bench.hypervisor.running).toEqual(["instance"]);
  });

  test("is stopped again where it was to stay off", async () => {
    bench.hypervisor.instance = reports(0);
    const made = await imageOrder({ start: false });
    expect(await bench.run(made)).toMatchObject({ state: "done", confirmed: true });
    expect(await bench.agent().instance(made.instance.id)).toMatchObject({ power: "stopped" });
  });

  test("takes the swap back with a report that isn't 0", async () => {
    const first = bench.order();
    await bench.run(first);
    const before = await contentOf(bench, first.instance);
    bench.hypervisor.instance = reports(3);
    const made = await imageOrder({ operation: "reinstall", instance: first.instance, start: null });
    expect(await bench.run(made)).toMatchObject({ state: "failed", committed: false, error: { code: "script_failed", step: "boot" } });
    expect(await contentOf(bench, first.instance)).toBe(before);
    expect(await disksOf(bench, first.instance)).toEqual(["disk-0"]);
    expect(bench.hypervisor.running).toEqual(["instance"]);
  });

  test("is done, unconfirmed, when the time is up, and after a restart of the agent", async () => {
    bench.hypervisor.instance = reports(null);
    const late = await imageOrder({ timeoutSeconds: LIMIT_SECONDS });
    const endLimit = watchLimit();
    await bench.agent().install(late);
    await said(late.id, "it has");
    endLimit();
    expect(await bench.untilEnd(late.id)).toMatchObject({ state: "done", confirmed: false, firstBootAt: null });
    const made = await imageOrder();
    await bench.agent().install(made);
    await said(made.id, "it has");
    await bench.crash();
    expect(await bench.untilEnd(made.id)).toMatchObject({ state: "done", confirmed: false, committed: true });
    expect(bench.hypervisor.started.at(-1)?.channel).toBeNull();
    expect(await bench.agent().power(made.instance.id, powerOrder(made.instance, "stop"))).toMatchObject({ power: "stopped" });
  });

  test("is ended by an administrator, once it waits", async () => {
    bench.hypervisor.instance = reports(null);
    const made = await imageOrder();
    await bench.agent().install(made);
    await expect(bench.agent().completeInstall(made.id)).rejects.toMatchObject({ code: "conflict" });
    await stepBegan(bench, made.id, "boot");
    await expect.poll(() => bench.hypervisor.running).toEqual(["instance"]);
    await expect.poll(() => bench.agent().completeInstall(made.id).then(() => true, () => false)).toBe(true);
    expect(await bench.untilEnd(made.id)).toMatchObject({ state: "done", confirmed: true });
  });
});

test("a package is laid over what a medium installed", async () => {
  const rootDigest = await bench.put(Buffer.from("a userland"));
  bench.hypervisor.medium = installs;
  bench.hypervisor.appliance = byScript({ personalize: (machine) => machine.report(0) });
  const made = { ...order({ package: { url: server.url("site.tgz"), checksum: null, credentials: null }, allowPrivate: ["127.0.0.1"] }), appliance: bench.order({ appliance: { rootDigest } }).appliance };
  expect(await bench.run(made)).toMatchObject({ state: "done", confirmed: false });
  expect(bench.hypervisor.started.map(({ kind }) => kind)).toEqual(["medium", "appliance", "instance"]);
});
