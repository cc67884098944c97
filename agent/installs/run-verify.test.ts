import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { secretValue } from "#lib/domain/visibility.ts";
import { statusIn } from "../testing/follow.ts";
import { createInstallBench, type InstallBench } from "../testing/install-bench.ts";
import type { ScriptOrder } from "../testing/orders.ts";
import { type GuestScript, installsWell, staysSilent } from "../testing/scripted-hypervisor.ts";

let bench: InstallBench;
beforeEach(async () => {
  bench = await createInstallBench();
});
afterEach(async () => {
  await bench.remove();
});

/** An appliance that does one thing when it is to verify, and installs well otherwise. */
function verifies(script: GuestScript): GuestScript {
  return async (machine) => {
    const { script: name } = z.object({ script: z.string() }).parse(JSON.parse((await machine.get("/ganeti/latest/meta_data.json")).body));
    await (name === "verify" ? script(machine) : installsWell(machine));
  };
}

const accepts: GuestScript = async (machine) => {
  await machine.post("the parameters are fine\n");
  await machine.report(0);
};

function order(change: Partial<ScriptOrder> = {}): ScriptOrder {
  const made = bench.order(change);
  return { ...made, os: { ...made.os, untrustedDigest: bench.verifyingDigest, verify: true } };
}

/** An instance that runs, and an order to reinstall it with a definition that verifies. */
async function running(): Promise<ScriptOrder> {
  const first = bench.order();
  expect(await bench.run(first)).toMatchObject({ state: "done" });
  return order({ operation: "reinstall", instance: first.instance, start: null });
}

describe("a definition that verifies", () => {
  test("looks at the parameters without a disk, while the old system goes on, and then installs", async () => {
    const reinstall = await running();
    const before = bench.hypervisor.started.length;
    let seen: readonly string[] = [];
    bench.hypervisor.appliance = verifies(async (machine) => {
      seen = bench.hypervisor.running;
      await accepts(machine);
    });
    expect(await bench.run(reinstall)).toMatchObject({ state: "done" });
    expect(seen).toEqual(["instance", "appliance"]);
    const [verification, creation] = bench.hypervisor.started.slice(before);
    expect(verification?.disks).toEqual([]);
    expect(creation?.disks.map(({ file }) => file)).toEqual(["disk-0.new"]);
    expect(bench.entries(reinstall.id).map(({ text, step }) => [text, step])).toContainEqual(["the parameters are fine", "verify"]);
    const status = bench.agent().installStatus(reinstall.id);
    expect((await status).steps.map(({ id }) => id)).toEqual(expect.arrayContaining(["prepare", "verify", "stop", "appliance"]));
  });

  test("refuses them before anything is touched", async () => {
    const reinstall = await running();
    const before = bench.hypervisor.started.length;
    bench.hypervisor.appliance = verifies(async (machine) => {
      await machine.post("the parameter p is wrong\n");
      await machine.report(3);
    });
    const status = await bench.run(reinstall);
    expect(status).toMatchObject({ state: "failed", error: { code: "script_failed", step: "verify" } });
    expect(status.error?.message).toContain("verify script ended with exit status 3. Nothing was touched. It said last: the parameter p is wrong");
    // The system that ran was never stopped: nothing but the verification was started.
    expect(bench.hypervisor.started.slice(before).map(({ kind }) => kind)).toEqual(["appliance"]);
    expect(await bench.agent().instance(reinstall.instance.id)).toMatchObject({ power: "running", installId: null });
    expect(existsSync(join(bench.dataDir, "instances", reinstall.instance.id, "verify"))).toBe(false);
  });

  test("that powers off without a word has refused them", async () => {
    const reinstall = await running();
    bench.hypervisor.appliance = verifies(() => Promise.resolve());
    expect(await bench.run(reinstall)).toMatchObject({ state: "failed", error: { code: "guest_silent", step: "verify" } });
  });

  test("that hangs can be cancelled, and ends with the install's own time", async () => {
    const reinstall = await running();
    bench.hypervisor.appliance = verifies(staysSilent);
    await bench.agent().install(reinstall);
    await bench.until((event) => statusIn(event, reinstall.id)?.step === "verify");
    await bench.agent().cancelInstall(reinstall.id);
    expect(await bench.untilEnd(reinstall.id)).toMatchObject({ state: "cancelled" });
    expect(bench.hypervisor.running).toEqual(["instance"]);
    const late = order({ operation: "reinstall", instance: reinstall.instance, start: null, timeoutSeconds: 1 });
    expect(await bench.run(late)).toMatchObject({ state: "timed_out", error: { step: "verify" } });
    expect(bench.hypervisor.running).toEqual(["instance"]);
  });

  test("that takes longer than its own time is ended, and has refused them", async () => {
    const quick = await createInstallBench({ verifySeconds: 1 });
    try {
      quick.hypervisor.appliance = verifies(staysSilent);
      const made = quick.order();
      const status = await quick.run({ ...made, os: { ...made.os, untrustedDigest: quick.verifyingDigest, verify: true } });
      expect(status).toMatchObject({ state: "failed", error: { code: "script_failed", step: "verify" } });
      expect(status.error?.message).toContain("took longer than 1 seconds");
      expect(quick.hypervisor.running).toEqual([]);
    } finally {
      await quick.remove();
    }
  });

  test("that floods takes no more of the log than its part, and that is told", async () => {
    const reinstall = await running();
    bench.hypervisor.appliance = verifies(async (machine) => {
      await machine.post(Array.from({ length: 1_500 }, (_, n) => `line ${String(n)}\n{"step":"s${String(n)}"}\n`).join(""));
      await machine.report(0);
    });
    expect(await bench.run(reinstall)).toMatchObject({ state: "done" });
    const entries = bench.entries(reinstall.id);
    expect(entries.filter(({ step }) => step === "verify").length).toBe(500);
    expect(entries.some(({ kind, text }) => kind === "notice" && /more lines of the verify script were left out/.test(text ?? ""))).toBe(true);
    expect(entries.some(({ text }) => text === "unpacking")).toBe(true);
  });

  test("has what it says scrubbed like any other script", async () => {
    const reinstall: ScriptOrder = { ...(await running()), parameters: new Map([["root_password", { visibility: "secret", value: secretValue("correct horse") }]]) };
    bench.hypervisor.appliance = verifies(async (machine) => {
      machine.say("on the console: correct horse\n");
      await machine.post("the password is correct horse\n");
      await machine.report(0);
    });
    expect(await bench.run(reinstall)).toMatchObject({ state: "done" });
    expect(bench.entries(reinstall.id).map(({ text }) => text)).toContain("the password is <redacted>");
    expect(JSON.stringify(bench.events())).not.toContain("correct horse");
  });

  test("leaves nothing running and nothing behind when the agent dies meanwhile", async () => {
    const reinstall = await running();
    const verifying = new Promise<void>((resolve) => {
      bench.hypervisor.appliance = verifies(async (machine) => {
        resolve();
        await staysSilent(machine);
      });
    });
    await bench.agent().install(reinstall);
    await verifying;
    await bench.crash();
    expect(await bench.agent().installStatus(reinstall.id)).toMatchObject({ state: "failed", error: { code: "agent_restarted" } });
    expect(bench.hypervisor.running).toEqual(["instance"]);
    expect(existsSync(join(bench.dataDir, "instances", reinstall.instance.id, "verify"))).toBe(false);
  });
});

test("an order with a script for the host is refused by an agent that runs none", async () => {
  const made = bench.order();
  await expect(bench.agent().install({ ...made, os: { ...made.os, places: ["host", "appliance"] } })).rejects.toMatchObject({ code: "unsupported", field: "os.places" });
});
