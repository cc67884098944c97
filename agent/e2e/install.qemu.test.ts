import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import type { InstanceSpec } from "#lib/agent-protocol/messages.ts";
import { privateValue, secretValue } from "#lib/domain/visibility.ts";
import type {} from "#scripts/test/require-stack.ts";
import { processesIn } from "../hypervisor/processes.ts";
import { followEvents, followInstall, statusIn } from "../testing/follow.ts";
import { exampleOrder, powerOrder, type ScriptOrder } from "../testing/orders.ts";
import { type AgentProcess, type Artifacts, prepareOrder, prepareScriptOrder, sampleInstance, startAgentProcess } from "./fixtures.ts";

const built = inject("artifacts");
const artifacts: Artifacts = { applianceFolder: built.appliance, imageFolder: built.image, definitionFolder: join(import.meta.dirname, "../../os-definitions/debian") };
const CANARIES = { secret: "canary-of-the-secret-9f2c", private: "canary-of-the-private-1d7e" };

let folder: string;
let agent: AgentProcess;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "agent-"));
  agent = await startAgentProcess(folder);
});
afterEach(async () => {
  for (const name of await readdir(join(agent.dataDir, "instances"))) {
    await agent.client.removeInstance(name, name);
  }
  await agent.end("SIGTERM");
  await rm(folder, { recursive: true });
});

async function scriptOrder(script: string, change: Partial<ScriptOrder> = {}): Promise<ScriptOrder> {
  return exampleOrder({ ...(await prepareScriptOrder(agent, artifacts, `#!/bin/sh\n${script}\n`)), start: false, ...change });
}
const WRITES = 'echo "system of $INSTANCE_NAME" | dd of="$DISK_0_PATH" conv=fsync';
async function guestsOf(instance: InstanceSpec): Promise<number> {
  const path = join(agent.dataDir, "instances", instance.id);
  return existsSync(path) ? (await processesIn(await realpath(path))).length : 0;
}
function stepBegan(order: ScriptOrder, step: string): Promise<unknown> {
  return followEvents(agent.client, (event) => statusIn(event, order.id)?.step === step);
}

describe("the agent, with QEMU", () => {
  test("installs a system that boots, and finds it again after kill -9", async () => {
    const order = exampleOrder({
      ...(await prepareOrder(agent, artifacts)),
      instance: sampleInstance(),
      timeoutSeconds: 150,
      firstBootSeconds: 150,
      parameters: new Map([
        ["hostname_suffix", { visibility: "public", value: ".lab.example.org" }],
        ["root_password", { visibility: "secret", value: secretValue(CANARIES.secret) }],
        ["admin_password", { visibility: "private", value: privateValue(CANARIES.private) }],
      ]),
    });
    await agent.client.install(order);
    const { status, events } = await followInstall(agent.client, order.id);
    expect(status).toMatchObject({ state: "done", percent: 100, committed: true, error: null });
    expect(status.firstBootAt).not.toBeNull();
    const percents = events.flatMap((event) => (statusIn(event) === null ? [] : [statusIn(event)?.percent ?? 0]));
    expect(percents).toEqual([...percents].sort((a, b) => a - b));
    expect(new Set(percents).size).toBeGreaterThan(8);

    await agent.end("SIGKILL");
    expect(await guestsOf(order.instance)).toBe(1);
    agent = await agent.restart();
    expect(await agent.client.instance(order.instance.id)).toMatchObject({ power: "running" });

    for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!file.isFile() || file.name.startsWith("disk-") || file.parentPath.endsWith("blobs")) continue;
      const content = await readFile(join(file.parentPath, file.name));
      for (const canary of Object.values(CANARIES)) expect(content.includes(canary), file.name).toBe(false);
    }
    expect(await agent.client.power(powerOrder(order.instance, "stop", 1))).toMatchObject({ power: "stopped" });
    expect(await guestsOf(order.instance)).toBe(0);
  });

  test("puts everything back when it is killed during an install", async () => {
    const first = await scriptOrder(WRITES);
    await agent.client.install(first);
    expect((await followInstall(agent.client, first.id)).status).toMatchObject({ state: "done", committed: true });
    const disk = join(agent.dataDir, "instances", first.instance.id, "disk-0");
    const before = await readFile(disk);
    const hanging = await scriptOrder(`${WRITES}; echo '{"step":"unpack"}'; sleep 1000`, { operation: "reinstall", instance: first.instance });
    await agent.client.install(hanging);
    await stepBegan(hanging, "unpack");
    expect(await guestsOf(first.instance)).toBeGreaterThan(0);
    await agent.end("SIGKILL");
    agent = await agent.restart();
    expect(await agent.client.installStatus(hanging.id)).toMatchObject({ state: "failed", error: { code: "agent_restarted" }, committed: false });
    expect(await guestsOf(first.instance)).toBe(0);
    expect((await readFile(disk)).equals(before)).toBe(true);
    expect((await readdir(join(agent.dataDir, "instances", first.instance.id))).filter((name) => name.startsWith("disk-"))).toEqual(["disk-0"]);
  });

  test("ends an install that is cancelled, and one whose time is up", async () => {
    const hanging = await scriptOrder(`echo '{"step":"unpack"}'; sleep 1000`);
    await agent.client.install(hanging);
    await stepBegan(hanging, "unpack");
    await agent.client.cancelInstall(hanging.id);
    expect((await followInstall(agent.client, hanging.id)).status).toMatchObject({ state: "cancelled" });
    expect(await guestsOf(hanging.instance)).toBe(0);
    const late = await scriptOrder("sleep 1000", { timeoutSeconds: 5 });
    await agent.client.install(late);
    expect((await followInstall(agent.client, late.id)).status).toMatchObject({ state: "timed_out" });
    expect(existsSync(join(agent.dataDir, "instances", late.instance.id))).toBe(false);
  });

  test("takes a failing script, silence and a flood for what they are", async () => {
    const failing = await scriptOrder("exit 7");
    const silent = await scriptOrder("poweroff -f; sleep 10");
    const flooding = await scriptOrder(`${WRITES}; yes "a line that says nothing" | head -n 40000`);
    const ends = [];
    for (const order of [failing, silent, flooding]) {
      await agent.client.install(order);
      ends.push(await followInstall(agent.client, order.id));
    }
    expect(ends.map(({ status }) => [status.state, status.error?.code])).toEqual([
      ["failed", "script_failed"],
      ["failed", "guest_silent"],
      ["done", undefined],
    ]);
    const notices = ends[2]?.events.flatMap((event) => (event.type === "install.entries" ? event.entries : [])).filter(({ kind }) => kind === "notice");
    expect(notices?.some(({ text }) => text?.includes("left out"))).toBe(true);
  });
});
