import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ChannelLine, GuestData, InstanceSpec } from "#lib/agent-protocol/messages.ts";
import { privateValue, secretValue } from "#lib/domain/visibility.ts";
import { createInstallBench, type InstallBench } from "../testing/install-bench.ts";
import { exampleInstance, powerOrder } from "../testing/orders.ts";
import { bootsAndStays, type ScriptedMachine, staysSilent } from "../testing/scripted-hypervisor.ts";

let bench: InstallBench;
/** The instance's own guest, as it last booted. */
let guest: ScriptedMachine | null;
beforeEach(async () => {
  bench = await createInstallBench();
  guest = null;
  bench.hypervisor.instance = async (machine) => {
    guest = machine;
    await bootsAndStays(machine);
  };
});
afterEach(async () => {
  await bench.remove();
});

const PARAMETERS = "/ganeti/latest/os/parameters.json";
const VALUES = { private: "pr1vate-canary-value", userData: "us3r-data-canary-value", secret: "s3cret-canary-value" };
const data: GuestData = { parameters: new Map([["admin_password", { visibility: "private", value: privateValue(VALUES.private) }]]), userData: privateValue(VALUES.userData), userDataMark: "k1:0123" };

function running(): ScriptedMachine {
  if (guest === null) throw new Error("no guest runs");
  return guest;
}
function lines(id: string): ChannelLine[] {
  return bench.events().flatMap((event) => (event.type === "instance.lines" && event.instanceId === id ? event.lines : []));
}
/** Its first system, and then it runs with a channel. */
async function installed(change: Partial<InstanceSpec> = {}): Promise<InstanceSpec> {
  const instance = exampleInstance({ communication: true, ...change });
  const order = bench.order({
    instance,
    parameters: new Map([...data.parameters, ["suffix", { visibility: "public", value: ".lab" }], ["root_password", { visibility: "secret", value: secretValue(VALUES.secret) }]]),
    userData: data.userData,
    userDataMark: data.userDataMark,
  });
  expect(await bench.run(order)).toMatchObject({ state: "done" });
  return instance;
}
async function message(id: string, line: string, messageId = randomUUID()): Promise<void> {
  await bench.agent().sendToGuest(id, { id: messageId, author: "user anna", line });
}

describe("an instance with communication", () => {
  test("finds its public and private parameters and its user data after its install, and no secret", async () => {
    await installed();
    expect(JSON.parse((await running().get(PARAMETERS)).body)).toEqual({ admin_password: [VALUES.private, "private"], suffix: [".lab", "public"] });
    expect((await running().get("/latest/user-data")).body).toBe(VALUES.userData);
    expect((await running().get("/latest/meta-data/local-hostname")).body).toContain("web1");
    expect((await running().get("/ganeti/latest/os/scripts/create")).status).toBe(404);
  });

  test("says what it has to say, without what must not be shown", async () => {
    const { id } = await installed();
    expect(await running().post(`up, with ${VALUES.private} and ${VALUES.userData}\n{"message":"${VALUES.private}","percent":50}\n`)).toBe(204);
    await bench.until(() => lines(id).length === 2);
    expect(lines(id)).toMatchObject([
      { kind: "log", author: "guest", text: "up, with <redacted> and <redacted>" },
      { kind: "progress", author: "guest", text: "<redacted>", percent: 50 },
    ]);
  });

  test("reads what it is told, once, with who said it in its log", async () => {
    const { id } = await installed();
    const first = randomUUID();
    await message(id, `go on, ${VALUES.private}`, first);
    await message(id, "and again", first);
    expect((await running().get("/ganeti/latest/read")).body).toBe(`go on, ${VALUES.private}\n`);
    expect((await running().get("/ganeti/latest/read")).body).toBe("");
    await bench.until(() => lines(id).length === 1);
    expect(lines(id)).toMatchObject([{ kind: "message", author: "user anna", text: "go on, <redacted>" }]);
  });

  test("is told no more than it reads", async () => {
    const { id } = await installed();
    const full = async (): Promise<void> => {
      for (let n = 0; n < 2_000; n += 1) await message(id, "x".repeat(4_000));
    };
    await expect(full()).rejects.toMatchObject({ code: "too_many_requests" });
    await running().get("/ganeti/latest/read");
    await message(id, "again");
  });

  test("has nobody to be told where nothing runs, or without a channel", async () => {
    const { id } = await installed();
    await bench.agent().power(id, powerOrder(exampleInstance({ id }), "stop"));
    await expect(message(id, "hello")).rejects.toMatchObject({ code: "conflict" });
    await bench.agent().power(id, powerOrder(exampleInstance({ id }), "start"));
    await expect(message(id, "hello")).rejects.toMatchObject({ code: "conflict" });
  });

  test("changes with its next start: what runs keeps what it was started with", async () => {
    const instance = await installed();
    await bench.agent().power(instance.id, powerOrder({ ...instance, communication: false }, "start"));
    expect((await running().get(PARAMETERS)).status).toBe(200);
    await bench.agent().power(instance.id, powerOrder({ ...instance, communication: false }, "reboot"));
    await expect(running().get(PARAMETERS)).rejects.toThrow();
    expect(bench.hypervisor.started.at(-1)?.channel).toBeNull();
    await bench.agent().power(instance.id, powerOrder(instance, "reboot", 0, data));
    expect((await running().get(PARAMETERS)).body).toContain(VALUES.private);
  });
});

describe("an install of an instance with communication", () => {
  test("is who is spoken to while its appliance runs, and tells by whom", async () => {
    const instance = await installed();
    let read = "";
    bench.hypervisor.appliance = async (machine) => {
      await machine.post('{"step":"unpack"}\n');
      while (read === "" && !machine.ended.aborted) read = (await machine.get("/ganeti/latest/read")).body;
      await machine.writeDisk();
      await machine.report(0);
    };
    const order = bench.order({ operation: "reinstall", instance });
    await bench.agent().install(order);
    await bench.until((event) => event.type === "install.entries" && event.installId === order.id);
    await message(instance.id, "go on");
    expect(await bench.untilEnd(order.id)).toMatchObject({ state: "done" });
    expect(read).toBe("go on\n");
    expect(bench.entries(order.id).map(({ kind, author, text, step }) => [kind, author, text, step])).toContainEqual(["message", "user anna", "go on", "unpack"]);
    expect(bench.entries(order.id)[0]).toMatchObject({ kind: "progress", author: "guest" });
    expect(lines(instance.id).filter(({ kind }) => kind === "message")).toEqual([]);
  });

  test("that fails leaves it with the channel and the values that it had", async () => {
    const instance = await installed();
    bench.hypervisor.appliance = (machine) => machine.report(1);
    const order = bench.order({ operation: "reinstall", instance, start: null, parameters: new Map([["other", { visibility: "public", value: "x" }]]) });
    expect(await bench.run(order)).toMatchObject({ state: "failed" });
    expect((await running().get(PARAMETERS)).body).toContain(VALUES.private);
    expect((await running().get("/latest/user-data")).body).toBe(VALUES.userData);
    await running().post(`back, with ${VALUES.private}\n`);
    await bench.until(() => lines(instance.id).some(({ text }) => text === "back, with <redacted>"));
    expect(await bench.agent().wantedGuestData()).toEqual([]);
  });

  test("scrubs secrets from the channel as well while the new system boots for the first time", async () => {
    bench.hypervisor.instance = async (machine) => {
      guest = machine;
      await machine.post(`first boot with ${VALUES.secret}\n`);
      await bootsAndStays(machine);
    };
    const { id } = await installed();
    await bench.until(() => lines(id).length === 1);
    expect(lines(id)[0]?.text).toBe("first boot with <redacted>");
  });
});

describe("a restarted agent", () => {
  test("goes on with the channel of a guest that runs, and wants its private values", async () => {
    const { id } = await installed();
    await bench.crash();
    expect(await bench.agent().wantedGuestData()).toEqual([id]);
    expect((await running().get("/latest/meta-data/local-hostname")).status).toBe(200);
    const held = Promise.all([PARAMETERS, "/latest/user-data"].map((path) => running().get(path)));
    await running().post(`nobody may see ${VALUES.private}\n`);
    await message(id, "hello");
    expect((await running().get("/ganeti/latest/read")).body).toBe("hello\n");

    await bench.agent().putGuestData(id, data);
    expect(await bench.agent().wantedGuestData()).toEqual([]);
    expect((await held).map(({ status }) => status)).toEqual([200, 200]);
    expect((await running().get(PARAMETERS)).body).toContain(VALUES.private);
    await running().post(`seen: ${VALUES.private}\n`);
    await bench.until(() => lines(id).some(({ text }) => text === "seen: <redacted>"));
    expect(JSON.stringify(bench.events())).not.toContain(VALUES.private);
    expect(lines(id).map(({ kind, text }) => [kind, text])).toEqual([
      ["notice", expect.stringContaining("isn't kept until it has them again")],
      ["message", "<redacted>"],
      ["log", "seen: <redacted>"],
    ]);
    running().say(`console with ${VALUES.private}\n`);
    await bench.agent().power(id, powerOrder(exampleInstance({ id }), "stop"));
    expect(await bench.serialLog(id)).toContain("console with <redacted>");
  });

  test("keeps what a guest says closed that still has user data which were replaced since, until its next start", async () => {
    const instance = await installed();
    await bench.crash();
    const changed: GuestData = { ...data, userData: privateValue("oth3r-canary-value"), userDataMark: "k1:4567" };
    await bench.agent().putGuestData(instance.id, changed);
    expect(await bench.agent().wantedGuestData()).toEqual([]);
    expect((await running().get("/latest/user-data")).body).toBe("oth3r-canary-value");
    await running().post(`it was ${VALUES.userData}\n`);
    running().say(`console with ${VALUES.userData}\n`);
    await bench.until(() => lines(instance.id).some(({ kind }) => kind === "notice"));

    await bench.agent().power(instance.id, powerOrder(instance, "reboot", 0, changed));
    await running().post("anew, with oth3r-canary-value\n");
    await bench.until(() => lines(instance.id).some(({ text }) => text === "anew, with <redacted>"));
    expect(lines(instance.id).map(({ kind }) => kind)).toEqual(["notice", "log"]);
    expect(JSON.stringify(bench.events()) + (await bench.serialLog(instance.id))).not.toContain(VALUES.userData);
    expect(await readFile(join(bench.dataDir, "instances", instance.id, "instance.json"), "utf8")).not.toMatch(/canary/);
  });

  test("wants nothing for a guest without a channel, and takes nothing for it", async () => {
    const { id } = await installed({ communication: false });
    await bench.crash();
    expect(await bench.agent().wantedGuestData()).toEqual([]);
    await expect(bench.agent().putGuestData(id, data)).rejects.toMatchObject({ code: "conflict" });
  });

  test("starts the system of an install that it found unfinished with its channel, and wants its values", async () => {
    const instance = await installed();
    bench.hypervisor.appliance = staysSilent;
    const order = bench.order({ operation: "reinstall", instance, start: null });
    await bench.agent().install(order);
    await expect.poll(() => bench.hypervisor.running).toEqual(["appliance"]);
    await bench.crash();
    expect(await bench.agent().installStatus(order.id)).toMatchObject({ state: "failed" });
    expect(await bench.agent().wantedGuestData()).toEqual([instance.id]);
  });
});

describe("the ports of an instance", () => {
  test("are told with its power and its state, and stay over a restart", async () => {
    const nics = exampleInstance().nics.map((nic) => ({ ...nic, mode: "user", forwards: [22] }));
    const instance = await installed({ nics });
    const { reach } = await bench.agent().instance(instance.id);
    expect(reach).toMatchObject([{ nic: 0, guestPort: 22, host: "127.0.0.1" }]);
    expect(bench.events().findLast(({ type }) => type === "instance.power")).toMatchObject({ power: "running", reach });
    await bench.crash();
    expect((await bench.agent().instance(instance.id)).reach).toEqual(reach);
    await bench.agent().power(instance.id, powerOrder(instance, "stop"));
    expect((await bench.agent().instance(instance.id)).reach).toEqual([]);
    await bench.agent().power(instance.id, powerOrder(instance, "start"));
    expect((await bench.agent().instance(instance.id)).reach).toEqual(reach);
  });
});
