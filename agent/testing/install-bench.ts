import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pino } from "pino";
import { type AgentEvent, agentEventSchema, type InstallEntry, type InstallOrder, type InstallStatus } from "#lib/agent-protocol/messages.ts";
import { isFinal } from "#lib/domain/install-states.ts";
import type { HostScripts } from "../host-scripts/host-scripts.ts";
import type { Networks } from "../network/guest-network.ts";
import { SessionNetworks } from "../network/session-networks.ts";
import { type NodeAgent, openNodeAgent } from "../node-agent.ts";
import { exampleOrder, type ScriptOrder } from "./orders.ts";
import { ScriptedHypervisor } from "./scripted-hypervisor.ts";

/** A tar of one block header and content, as the simplest archive of a definition: its `create`. */
export function tarOf(name: string, content: string): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write("0000755\0", 100);
  header.write(`${Buffer.byteLength(content).toString(8).padStart(11, "0")}\0`, 124);
  header.write("0", 156);
  header.write("ustar\0" + "00", 257);
  const body = Buffer.alloc(Math.ceil(Buffer.byteLength(content) / 512) * 512);
  body.write(content);
  return Buffer.concat([header, body, Buffer.alloc(1_024)]);
}

export type OrderChange = Partial<Omit<ScriptOrder, "os" | "appliance">> & { readonly os?: Partial<ScriptOrder["os"]>; readonly appliance?: Partial<ScriptOrder["appliance"]> };

/** The real agent on a scratch folder, with guests that are functions. */
export interface InstallBench {
  readonly hypervisor: ScriptedHypervisor;
  readonly dataDir: string;
  /** Of an archive with `create` and `verify`. */
  readonly verifyingDigest: string;
  agent(): NodeAgent;
  /** Keeps bytes as a blob. Returns its digest. */
  put(bytes: Buffer): Promise<string>;
  /** `os`: parts of it; what is left out is the example's. */
  order(change?: OrderChange): ScriptOrder;
  /** Accepts an order and waits for its end. */
  run(order: InstallOrder): Promise<InstallStatus>;
  untilEnd(installId: string): Promise<InstallStatus>;
  until(wanted: (event: AgentEvent) => boolean): Promise<AgentEvent>;
  events(): AgentEvent[];
  entries(installId: string): InstallEntry[];
  serialLog(instanceId: string): Promise<string>;
  /** As after kill -9: another agent on the same data, while what runs goes on. The old one is left behind. */
  crash(): Promise<void>;
  remove(): Promise<void>;
}

export interface InstallBenchOptions {
  readonly verifySeconds?: number;
  readonly networks?: () => Networks;
  readonly hostScripts?: HostScripts;
  readonly imageFolders?: readonly string[];
}

export async function createInstallBench(options: InstallBenchOptions = {}): Promise<InstallBench> {
  const dataDir = await mkdtemp(join(tmpdir(), "agent-"));
  const hypervisor = new ScriptedHypervisor();
  const open = (): Promise<NodeAgent> =>
    openNodeAgent({
      nodeName: "node1",
      osRoots: [],
      dataDir,
      hypervisor,
      networks: options.networks?.() ?? new SessionNetworks(pino({ level: "silent" })),
      log: pino({ level: "silent" }),
      ...(options.hostScripts === undefined ? {} : { hostScripts: options.hostScripts }),
      imageFolders: options.imageFolders ?? [],
      verifySeconds: options.verifySeconds ?? 60,
      onBroken: (error) => {
        throw error;
      },
    });
  let agent = await open();
  const put = async (bytes: Buffer): Promise<string> => {
    const digest = createHash("sha256").update(bytes).digest("hex");
    await agent.putBlob(digest, Readable.from([bytes]));
    return digest;
  };
  const [kernelDigest, initrdDigest, untrustedDigest] = [await put(Buffer.from("kernel")), await put(Buffer.from("initrd")), await put(tarOf("./create", "#!/bin/sh\n"))];
  // An archive ends with two empty blocks; another's entries can stand before them.
  const verifyingDigest = await put(Buffer.concat([tarOf("./create", "#!/bin/sh\n").subarray(0, -1_024), tarOf("./verify", "#!/bin/sh\n")]));
  const events = (): AgentEvent[] => agent.journal.after(0, 1_000_000).map(({ line }) => agentEventSchema.parse(JSON.parse(line)));
  const bench: InstallBench = {
    hypervisor,
    dataDir,
    verifyingDigest,
    agent: () => agent,
    put,
    order: (change = {}) => {
      const { os, appliance, ...rest } = change;
      const order = exampleOrder(rest);
      return { ...order, appliance: { ...order.appliance, kernelDigest, initrdDigest, ...appliance }, os: { ...order.os, untrustedDigest, ...os } };
    },
    run: async (order) => {
      await agent.install(order);
      return bench.untilEnd(order.id);
    },
    untilEnd: async (installId) => {
      const event = await bench.until((candidate) => candidate.type === "install.state" && candidate.installId === installId && isFinal(candidate.status.state));
      if (event.type !== "install.state") throw new Error("another event than was asked for");
      return event.status;
    },
    until: (wanted) =>
      new Promise((resolve) => {
        const { journal } = agent;
        const look = (): void => {
          const found = events().find(wanted);
          if (found === undefined) return;
          journal.off("changed", look);
          resolve(found);
        };
        journal.on("changed", look);
        look();
      }),
    events,
    entries: (installId) => events().flatMap((event) => (event.type === "install.entries" && event.installId === installId ? event.entries : [])),
    serialLog: (instanceId) => readFile(join(dataDir, "instances", instanceId, "serial.log"), "utf8"),
    crash: async () => {
      await agent.journal.flush();
      hypervisor.sever();
      agent = await open();
    },
    remove: async () => {
      await agent.close();
      await hypervisor.endAll();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  return bench;
}
