import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { open, readdir, readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { InstanceSpec } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { privateValue, secretValue } from "#lib/domain/visibility.ts";
import { SessionNetworks } from "../network/session-networks.ts";
import { statusIn } from "../testing/follow.ts";
import { createInstallBench, type InstallBench, tarOf } from "../testing/install-bench.ts";
import { exampleInstance, powerOrder, type ScriptOrder } from "../testing/orders.ts";
import { Lease } from "./lease.ts";
import { bootsAndStays, type GuestScript, installsWell, staysSilent } from "../testing/scripted-hypervisor.ts";

let bench: InstallBench;
beforeEach(async () => {
  bench = await createInstallBench();
});
afterEach(async () => {
  await bench.remove();
});

function folderOf(instance: InstanceSpec): string {
  return join(bench.dataDir, "instances", instance.id);
}
async function contentOf(instance: InstanceSpec): Promise<string> {
  const disk = await open(join(folderOf(instance), "disk-0"));
  const { buffer } = await disk.read({ buffer: Buffer.alloc(80) });
  await disk.close();
  return buffer.toString("utf8");
}
async function disksOf(instance: InstanceSpec): Promise<string[]> {
  return (await readdir(folderOf(instance))).filter((name) => name.startsWith("disk-")).sort();
}
/** An instance that runs, and an order to reinstall it. */
async function installed(change: Partial<ScriptOrder> = {}): Promise<{ order: ScriptOrder; before: string }> {
  const first = bench.order();
  expect(await bench.run(first)).toMatchObject({ state: "done" });
  const order = bench.order({ operation: "reinstall", instance: first.instance, start: null, ...change });
  return { order, before: await contentOf(first.instance) };
}
const hangs: GuestScript = async (machine) => {
  await machine.post('{"step":"unpack","percent":10}\n');
  await staysSilent(machine);
};
function stepBegan(id: string, step: string) {
  return bench.until((event) => statusIn(event, id)?.step === step);
}

describe("an install", () => {
  test("goes through its states to a running system", async () => {
    const order = bench.order();
    const status = await bench.run(order);
    expect(status).toMatchObject({ state: "done", percent: 100, committed: true, error: null });
    expect(status.firstBootAt).not.toBeNull();
    const states = bench.events().flatMap((event) => (event.type === "install.state" ? [event.status.state] : []));
    expect([...new Set(states)]).toEqual(["accepted", "queued", "preparing", "installing", "verifying", "starting", "done"]);
    expect(await bench.agent().instance(order.instance.id)).toMatchObject({ power: "running", installId: null });
    expect(await disksOf(order.instance)).toEqual(["disk-0"]);
  });

  test("moves its percentage forward only", async () => {
    const order = bench.order();
    bench.hypervisor.appliance = async (machine) => {
      for (const line of ['{"step":"unpack","percent":80}', '{"step":"partition","percent":10}', '{"percent":2}']) await machine.post(`${line}\n`);
      await installsWell(machine);
    };
    await bench.run(order);
    const percents = bench.events().flatMap((event) => (statusIn(event) === null ? [] : [statusIn(event)?.percent ?? 0]));
    expect(percents).toEqual([...percents].sort((a, b) => a - b));
    expect(percents.at(-1)).toBe(100);
  });

  test("is one install when its order comes twice, and refuses another body under its id", async () => {
    const order = bench.order({ parameters: new Map([["root_password", { visibility: "secret", value: secretValue("correct horse") }]]) });
    await bench.agent().install(order);
    await expect(bench.agent().install(order)).resolves.toMatchObject({ id: order.id });
    const otherValue = bench.order({ ...order, parameters: new Map([["root_password", { visibility: "secret", value: secretValue("another") }]]) });
    await expect(bench.agent().install(otherValue)).rejects.toMatchObject({ code: "conflict", field: "id" });
    await bench.untilEnd(order.id);
    await expect(bench.agent().install(order)).resolves.toMatchObject({ state: "done" });
    await expect(bench.agent().install({ ...order, firstBootSeconds: 1 })).rejects.toMatchObject({ code: "conflict" });
    expect(bench.hypervisor.started.filter(({ kind }) => kind === "appliance")).toHaveLength(1);
  });

  test("holds its instance: no other install, no power order, no removal", async () => {
    bench.hypervisor.appliance = hangs;
    const order = bench.order();
    await bench.agent().install(order);
    await expect(bench.agent().install(bench.order({ instance: order.instance }))).rejects.toMatchObject({ code: "conflict" });
    await expect(bench.agent().power(order.instance.id, powerOrder(order.instance, "start"))).rejects.toMatchObject({ code: "conflict" });
    await expect(bench.agent().removeInstance(order.instance.id, randomUUID(), false)).rejects.toMatchObject({ code: "conflict" });
    await bench.agent().cancelInstall(order.id);
    expect(await bench.untilEnd(order.id)).toMatchObject({ state: "cancelled" });
  });

  test("leaves the system stopped when it is told to", async () => {
    const order = bench.order({ start: false });
    expect(await bench.run(order)).toMatchObject({ state: "done", firstBootAt: null });
    expect(bench.hypervisor.running).toEqual([]);
  });

  test("is done, unconfirmed, when the first boot shows no marker in time or ends", async () => {
    bench.hypervisor.instance = staysSilent;
    const silent = bench.order({ firstBootSeconds: 1 });
    expect(await bench.run(silent)).toMatchObject({ state: "done", firstBootAt: null });
    expect(bench.entries(silent.id).some(({ kind, text }) => kind === "notice" && text?.includes("unconfirmed"))).toBe(true);
    bench.hypervisor.instance = () => Promise.resolve();
    const ended = bench.order();
    expect(await bench.run(ended)).toMatchObject({ state: "done", firstBootAt: null });
  });

  test("gives the guest its parameters, and nothing of them to log, events, console or disk", async () => {
    const values = { secret: "s3cret-canary-value", private: "pr1vate-canary-value" };
    let served = "";
    bench.hypervisor.appliance = async (machine) => {
      served = (await machine.get("/ganeti/latest/os/parameters.json")).body;
      await machine.post(`password is ${values.secret}\n{"message":"and ${values.private}"}\n`);
      await machine.post(`${Buffer.from(values.secret).toString("base64")}\n`);
      machine.say(`console: ${values.secret.slice(0, 8)}`);
      machine.say(`${values.secret.slice(8)} ${values.private}\r\n`);
      await installsWell(machine);
    };
    bench.hypervisor.instance = async (machine) => {
      machine.say(`booting with ${values.secret} and ${values.private}\r\n`);
      await bootsAndStays(machine);
    };
    const order = bench.order({
      parameters: new Map([
        ["suffix", { visibility: "public", value: ".lab" }],
        ["admin_password", { visibility: "private", value: privateValue(values.private) }],
        ["root_password", { visibility: "secret", value: secretValue(values.secret) }],
      ]),
    });
    await bench.run(order);
    expect(JSON.parse(served)).toEqual({ suffix: [".lab", "public"], admin_password: [values.private, "private"], root_password: [values.secret, "secret"] });
    await bench.agent().power(order.instance.id, powerOrder(order.instance, "stop"));
    const events = JSON.stringify(bench.events());
    expect(events).toContain("password is <redacted>");
    const console = await bench.serialLog(order.instance.id);
    expect(console).toContain("booting with <redacted> and <redacted>");
    for (const file of await readdir(bench.dataDir, { recursive: true, withFileTypes: true })) {
      if (!file.isFile() || file.name.startsWith("disk-")) continue;
      const content = await readFile(join(file.parentPath, file.name));
      for (const value of Object.values(values)) expect(content.includes(value), file.name).toBe(false);
    }
  });

  test("leaves its secrets out of what a system says whose first boot nobody watches, also when the install is done", async () => {
    const secret = "s3cret-canary-value";
    const said = Promise.withResolvers<undefined>();
    bench.hypervisor.instance = async (machine) => {
      await said.promise;
      machine.say(`booting with ${secret}\r\n`);
      await bootsAndStays(machine);
    };
    const made = bench.order();
    const order = { ...made, os: { ...made.os, bootMarker: null }, parameters: new Map([["root_password", { visibility: "secret", value: secretValue(secret) }]]) } satisfies ScriptOrder;
    expect(await bench.run(order)).toMatchObject({ state: "done" });
    said.resolve(undefined);
    await expect.poll(() => bench.serialLog(order.instance.id)).toContain("booting with <redacted>");
  });
});

describe("an install that fails", () => {
  const failures: readonly (readonly [string, GuestScript, Partial<ScriptOrder>, string])[] = [
    ["its script fails", async (machine) => machine.report(3), {}, "script_failed"],
    ["its guest powers off in silence", async (machine) => {
      await machine.post("bye\n");
    }, {}, "guest_silent"],
    ["success is reported and nothing was written", async (machine) => machine.report(0), {}, "script_failed"],
    ["it takes longer than its time", hangs, { timeoutSeconds: 1 }, "timed_out"],
    ["a guess at the token is reported", async (machine) => {
      await machine.post('{"result":{"token":"guess","exit_status":0}}\n');
    }, {}, "guest_silent"],
  ];
  for (const [when, script, change, code] of failures) {
    test(`leaves disk and power as they were when ${when}`, async () => {
      const { order, before } = await installed(change);
      bench.hypervisor.appliance = script;
      const status = await bench.run(order);
      expect(status).toMatchObject({ state: code === "timed_out" ? "timed_out" : "failed", committed: false, error: { code } });
      expect(await contentOf(order.instance)).toBe(before);
      expect(await disksOf(order.instance)).toEqual(["disk-0"]);
      expect(bench.hypervisor.running).toEqual(["instance"]);
    });
  }

  test("leaves nothing of a creation", async () => {
    bench.hypervisor.appliance = async (machine) => machine.report(1);
    const order = bench.order();
    expect(await bench.run(order)).toMatchObject({ state: "failed", error: { code: "script_failed" } });
    expect(existsSync(folderOf(order.instance))).toBe(false);
  });

  test("touches nothing where a NIC's bridge isn't there, unless the system stays off", async () => {
    const { order, before } = await installed();
    const runs = bench.hypervisor.started.length;
    const checked = vi.spyOn(SessionNetworks.prototype, "checkNics").mockRejectedValue(new SlipwayError("unsupported", "The node has no bridge br0 for guests."));
    try {
      expect(await bench.run(order)).toMatchObject({ state: "failed", error: { code: "unsupported", message: "The node has no bridge br0 for guests.", step: "prepare" } });
      expect(bench.hypervisor.started).toHaveLength(runs);
      expect(bench.hypervisor.running).toEqual(["instance"]);
      expect(await contentOf(order.instance)).toBe(before);
      expect(await bench.run({ ...order, id: randomUUID(), start: false })).toMatchObject({ state: "done" });
    } finally {
      checked.mockRestore();
    }
  });

  test("says so before anything is touched when it can't succeed", async () => {
    const { order, before } = await installed();
    const runs = bench.hypervisor.started.length;
    const archive = tarOf("./other", "#!/bin/sh\n");
    const digest = createHash("sha256").update(archive).digest("hex");
    await bench.agent().putBlob(digest, Readable.from([archive]));
    const cases: readonly (readonly [Partial<ScriptOrder>, string])[] = [
      [{ os: { ...order.os, imageDigest: "f".repeat(64) } }, "unknown_object"],
      [{ os: { ...order.os, untrustedDigest: digest } }, "unsupported"],
      [{ instance: { ...order.instance, disks: order.instance.disks.map((disk) => ({ ...disk, sizeMib: 1_000_000_000 })) } }, "no_room"],
      [{ operation: "create" }, "exists"],
    ];
    for (const [change, code] of cases) {
      const status = await bench.run({ ...order, ...change, id: randomUUID() });
      expect(status).toMatchObject({ state: "failed", error: { code } });
    }
    expect(bench.hypervisor.started).toHaveLength(runs);
    expect(bench.hypervisor.running).toEqual(["instance"]);
    expect(await contentOf(order.instance)).toBe(before);
  });

  test("fails when no controller renews its lease", async () => {
    bench.hypervisor.appliance = hangs;
    // The schema's least lease is long for a test: a lease of its own tells the same.
    const short = { ...bench.order({ leaseSeconds: 5 }), leaseSeconds: 0.2 };
    expect(await bench.run(short)).toMatchObject({ state: "failed", error: { code: "lease_expired" }, committed: false });
  });

  test("has its lease renewed by its id, and passes over those of others", async () => {
    const renew = vi.spyOn(Lease.prototype, "renew");
    bench.hypervisor.appliance = hangs;
    const order = bench.order();
    await bench.agent().install(order);
    await stepBegan(order.id, "unpack");
    await bench.agent().renewLeases({ installIds: [order.id, randomUUID()], seconds: 60 });
    expect(renew.mock.calls).toEqual([[60]]);
    expect(renew.mock.results).toMatchObject([{ value: true }]);
    renew.mockRestore();
    await bench.agent().cancelInstall(order.id);
    expect(await bench.untilEnd(order.id)).toMatchObject({ state: "cancelled" });
  });
});

describe("a cancellation", () => {
  test("leaves the instance as it was while the appliance runs", async () => {
    const { order, before } = await installed();
    bench.hypervisor.appliance = hangs;
    await bench.agent().install(order);
    await stepBegan(order.id, "unpack");
    await bench.agent().cancelInstall(order.id);
    expect(await bench.untilEnd(order.id)).toMatchObject({ state: "cancelled", error: { code: "cancelled", step: "unpack" } });
    expect(await contentOf(order.instance)).toBe(before);
    expect(bench.hypervisor.running).toEqual(["instance"]);
  });

  test("leaves the instance as it was while the new system boots: the swap is taken back", async () => {
    const { order, before } = await installed();
    bench.hypervisor.instance = staysSilent;
    await bench.agent().install(order);
    await stepBegan(order.id, "boot");
    await bench.agent().cancelInstall(order.id);
    expect(await bench.untilEnd(order.id)).toMatchObject({ state: "cancelled", committed: false });
    expect(await contentOf(order.instance)).toBe(before);
    expect(await disksOf(order.instance)).toEqual(["disk-0"]);
    expect(bench.hypervisor.running).toEqual(["instance"]);
  });

  test("takes an install out of the queue", async () => {
    bench.hypervisor.appliance = hangs;
    const orders = Array.from({ length: availableParallelism() + 1 }, () => bench.order({ instance: exampleInstance() }));
    for (const order of orders) await bench.agent().install(order);
    const last = orders.at(-1);
    await bench.agent().cancelInstall(last?.id ?? "");
    expect(await bench.untilEnd(last?.id ?? "")).toMatchObject({ state: "cancelled" });
    expect(bench.hypervisor.running.length).toBeLessThan(orders.length);
  });
});

describe("after a reinstall", () => {
  test("the previous disk is kept until its time is up", async () => {
    const { order } = await installed({ retainPreviousSeconds: 60 });
    await bench.run(order);
    expect(await disksOf(order.instance)).toEqual(["disk-0", `disk-0.previous-${order.id}`]);
    const next = bench.order({ operation: "reinstall", instance: order.instance, retainPreviousSeconds: 0 });
    await bench.run(next);
    expect(await disksOf(order.instance)).toContain(`disk-0.previous-${order.id}`);
    await expect.poll(() => disksOf(order.instance)).not.toContain(`disk-0.previous-${next.id}`);
  });

  test("data disks are what they were, and the appliance didn't see them", async () => {
    const disks = [...exampleInstance().disks, { id: randomUUID(), index: 1, sizeMib: 8, name: null }];
    const order = bench.order({ instance: exampleInstance({ disks }) });
    await bench.run(order);
    expect(await disksOf(order.instance)).toEqual(["disk-0", "disk-1"]);
    await bench.run(bench.order({ operation: "reinstall", instance: order.instance }));
    const appliances = bench.hypervisor.started.filter(({ kind }) => kind === "appliance");
    expect(appliances.map(({ disks: attached }) => attached.length)).toEqual([2, 1]);
  });
});

describe("an instance that can't be started any more", () => {
  test.each(["while the agent runs", "over its restart"])("doesn't keep an install from its end, %s, and is known to be stopped", async (when) => {
    const { order, before } = await installed();
    bench.hypervisor.appliance = hangs;
    await bench.agent().install(order);
    await stepBegan(order.id, "unpack");
    bench.hypervisor.refusesInstances = true;
    if (when === "over its restart") await bench.crash();
    else await bench.agent().cancelInstall(order.id);
    expect(["cancelled", "failed"]).toContain((await bench.untilEnd(order.id)).state);
    expect(await contentOf(order.instance)).toBe(before);
    expect(await bench.agent().instance(order.instance.id)).toMatchObject({ power: "stopped", installId: null });
    expect(bench.events().findLast(({ type }) => type === "instance.power")).toMatchObject({ power: "stopped" });
    expect(bench.entries(order.id).some(({ text }) => text?.includes("can't be started") === true)).toBe(true);
  });
});

describe("a restarted agent", () => {
  test("puts back an install that was under way", async () => {
    const { order, before } = await installed();
    bench.hypervisor.appliance = hangs;
    await bench.agent().install(order);
    await stepBegan(order.id, "unpack");
    await bench.crash();
    expect(await bench.agent().installStatus(order.id)).toMatchObject({ state: "failed", error: { code: "agent_restarted" }, committed: false });
    expect(await contentOf(order.instance)).toBe(before);
    expect(await disksOf(order.instance)).toEqual(["disk-0"]);
    expect(bench.hypervisor.running).toEqual(["instance"]);
  });

  test("brings a committed install to its end", async () => {
    const { order, before } = await installed();
    bench.hypervisor.instance = staysSilent;
    await bench.agent().install(order);
    await stepBegan(order.id, "boot");
    await expect.poll(() => bench.hypervisor.running).toEqual(["instance"]);
    await bench.crash();
    expect(await bench.agent().installStatus(order.id)).toMatchObject({ state: "done", committed: true, firstBootAt: null });
    expect(await contentOf(order.instance)).not.toBe(before);
    expect(bench.hypervisor.running).toEqual(["instance"]);
  });

  test("finds running instances again and doesn't log the console of one with values to be left out", async () => {
    const order = bench.order({ parameters: new Map([["root_password", { visibility: "secret", value: secretValue("correct horse") }]]) });
    let say: (text: string) => void = () => undefined;
    bench.hypervisor.instance = async (machine) => {
      say = (text) => {
        machine.say(text);
      };
      await bootsAndStays(machine);
    };
    await bench.run(order);
    await bench.crash();
    expect(await bench.agent().instance(order.instance.id)).toMatchObject({ power: "running" });
    await bench.agent().power(order.instance.id, powerOrder(order.instance, "reboot"));
    say("the password is correct horse\n");
    await bench.agent().power(order.instance.id, powerOrder(order.instance, "stop"));
    const log = await bench.serialLog(order.instance.id);
    expect(log).not.toContain("correct horse");
    expect(log).toContain("isn't logged");
  });
});
