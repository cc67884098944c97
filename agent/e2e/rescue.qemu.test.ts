import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import type { PowerOrder } from "#lib/agent-protocol/messages.ts";
import type {} from "#scripts/test/require-stack.ts";
import { followInstall } from "../testing/follow.ts";
import { exampleOrder, powerOrder } from "../testing/orders.ts";
import { type AgentProcess, prepareScriptOrder, putFile, startAgentProcess } from "./fixtures.ts";

const built = inject("artifacts");
const artifacts = { applianceFolder: built.appliance, imageFolder: built.image, definitionFolder: join(import.meta.dirname, "../../os-definitions/debian") };

let folder: string;
let agent: AgentProcess;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "agent-"));
  agent = await startAgentProcess(folder);
});
afterEach(async () => {
  await agent.end("SIGTERM");
  await rm(folder, { recursive: true });
});

/** Somebody at a serial console. */
class Terminal {
  readonly #stream: Duplex;
  #text = "";
  #look: () => void = () => undefined;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on("data", (bytes: Buffer) => {
      this.#text += bytes.toString("utf8");
      this.#look();
    });
  }

  type(text: string): void {
    this.#stream.write(text);
  }

  /** What was shown from the last look up to this. */
  async saw(wanted: string): Promise<string> {
    await new Promise<void>((resolve) => {
      this.#look = () => {
        if (this.#text.includes(wanted)) resolve();
      };
      this.#look();
    });
    const end = this.#text.indexOf(wanted) + wanted.length;
    const shown = this.#text.slice(0, end);
    this.#text = this.#text.slice(end);
    return shown;
  }

  end(): void {
    this.#stream.destroy();
  }
}

test("a rescue system has the instance's disk to write, is found again after kill -9 of the agent, and leaves it to the instance", async () => {
  const order = exampleOrder({ ...(await prepareScriptOrder(agent, artifacts, '#!/bin/sh\nmke2fs -q "$DISK_0_PATH"\n')), start: false });
  await agent.client.install(order);
  expect((await followInstall(agent.client, order.id)).status).toMatchObject({ state: "done" });
  const { instance } = order;

  const appliance = { ...order.appliance, rootDigest: await putFile(agent.client, join(artifacts.applianceFolder, "root.squashfs")) };
  const rescue: PowerOrder = { ...powerOrder(instance, "rescue"), appliance };
  expect(await agent.client.power(rescue)).toMatchObject({ power: "running", rescue: true });
  let terminal = new Terminal(await agent.client.openConsole(instance.id));
  terminal.type("\n");
  await terminal.saw("# ");
  // No network interface but its own.
  terminal.type("echo nics: $(ls /sys/class/net)\n");
  await terminal.saw("nics: lo\r\n");
  terminal.type("mount /dev/vda /mnt && echo kept-by-rescue > /mnt/note && echo written-$((40 + 2))\n");
  await terminal.saw("written-42");
  terminal.end();

  await agent.end("SIGKILL");
  agent = await agent.restart();
  expect(await agent.client.instance(instance.id)).toMatchObject({ power: "running", rescue: true });
  terminal = new Terminal(await agent.client.openConsole(instance.id));
  // QEMU comes back to the agent's end of its console within a second.
  terminal.type("\n");
  await expect.poll(() => {
    terminal.type("cat /mnt/note; umount /mnt; sync; echo over-$((1 + 1))\n");
    return Promise.race([terminal.saw("over-2"), new Promise((resolve) => setTimeout(resolve, 2_000, ""))]);
  }).toMatch(/kept-by-rescue/);
  expect(await agent.client.power(powerOrder(instance, "stop", 60))).toMatchObject({ power: "stopped", rescue: false });
  expect((await readFile(join(agent.dataDir, "instances", instance.id, "disk-0"))).includes("kept-by-rescue")).toBe(true);
});
