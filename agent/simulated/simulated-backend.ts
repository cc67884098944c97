import { createHash } from "node:crypto";
import type { FolderList, InstallOrder, InstallStatus, InstanceRuntime, LeaseRenewal, NodeFacts, PowerOrder } from "#lib/agent-protocol/messages.ts";
import { PROTOCOL_VERSION } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { isFinal } from "#lib/domain/install-states.ts";
import type { AgentBackend } from "../api/backend.ts";
import { AGENT_VERSION } from "../facts.ts";
import { digestOrder } from "../installs/install-record.ts";
import type { Journal } from "../journal/journal.ts";
import type { BehaviourOf } from "./behaviour.ts";
import { SimulatedInstall } from "./simulated-install.ts";

export interface SimulatedBackendOptions {
  readonly nodeName: string;
  readonly journal: Journal;
  readonly behaviourOf: BehaviourOf;
  readonly workMs: number;
  readonly onVanish: () => void;
}

interface SimulatedInstance {
  startedAt: string | null;
  hasDisk: boolean;
  installId: string | null;
  readonly orders: Set<string>;
}

/** A node without virtual machines: state in memory, real orders, real events. */
export class SimulatedBackend implements AgentBackend {
  readonly journal: Journal;
  readonly #options: SimulatedBackendOptions;
  readonly #blobs = new Set<string>();
  readonly #instances = new Map<string, SimulatedInstance>();
  readonly #installs = new Map<string, { readonly install: SimulatedInstall; readonly digest: string }>();

  constructor(options: SimulatedBackendOptions) {
    this.journal = options.journal;
    this.#options = options;
  }

  facts(): Promise<NodeFacts> {
    return Promise.resolve({
      protocol: PROTOCOL_VERSION,
      agentVersion: AGENT_VERSION,
      mode: "simulated",
      hostname: this.#options.nodeName,
      cpus: 8,
      memoryTotalMib: 65_536,
      memoryFreeMib: 60_000,
      diskTotalMib: 1_048_576,
      diskFreeMib: 1_000_000,
      accelerator: "tcg",
      acceleratorReason: "a simulated node runs nothing",
      qemuVersion: null,
      runsHostScripts: false,
    });
  }

  hasBlob(digest: string): Promise<boolean> {
    return Promise.resolve(this.#blobs.has(digest));
  }

  async putBlob(digest: string, bytes: AsyncIterable<Buffer>): Promise<void> {
    const hash = createHash("sha256");
    for await (const chunk of bytes) hash.update(chunk);
    if (hash.digest("hex") !== digest) {
      throw new SlipwayError("invalid", "The bytes don't have the sha256 that the path names.", { field: "digest" });
    }
    this.#blobs.add(digest);
  }

  instance(id: string): Promise<InstanceRuntime> {
    return Promise.resolve(this.#runtime(id));
  }

  async power(id: string, order: PowerOrder): Promise<InstanceRuntime> {
    const instance = this.#instance(id);
    if (!instance.orders.has(order.orderId)) {
      refuseIfHeld(instance);
      if (order.action !== "stop" && !instance.hasDisk) throw new SlipwayError("conflict", "The instance has no disk on this node: nothing is installed.");
      instance.orders.add(order.orderId);
      if (order.action !== "start") this.#setPower(id, false, "The virtual machine was ended.");
      if (order.action !== "stop") this.#setPower(id, true, null);
      await this.journal.flush();
    }
    return this.#runtime(id);
  }

  removeInstance(id: string): Promise<void> {
    return new Promise((resolve) => {
      refuseIfHeld(this.#instance(id));
      this.#setPower(id, false, "The virtual machine was ended.");
      this.#instances.delete(id);
      resolve();
    });
  }

  async install(order: InstallOrder): Promise<InstallStatus> {
    const digest = digestOrder(order);
    const known = this.#installs.get(order.id);
    if (known !== undefined) {
      if (known.digest !== digest) throw new SlipwayError("conflict", "Another install was ordered under this id.", { field: "id" });
      return known.install.status;
    }
    const instance = this.#instance(order.instance.id);
    if (order.os.places.includes("host")) throw new SlipwayError("unsupported", "This agent runs no scripts on its host.", { field: "os.places" });
    if (instance.installId !== null) throw new SlipwayError("conflict", "The instance is being installed.", { field: "instance.id" });
    const wasRunning = instance.startedAt !== null;
    const boots = order.start ?? wasRunning;
    const { journal, behaviourOf, workMs, onVanish } = this.#options;
    const install = new SimulatedInstall({
      order,
      behaviour: behaviourOf(order),
      journal,
      boots,
      workMs,
      onVanish,
      onCommit: () => {
        instance.hasDisk = true;
        this.#setPower(order.instance.id, false, "The virtual machine was ended.");
        if (boots) this.#setPower(order.instance.id, true, null);
      },
    });
    instance.installId = order.id;
    this.#installs.set(order.id, { install, digest });
    void install.run().then(() => {
      instance.installId = null;
    });
    await journal.flush();
    return install.status;
  }

  async installStatus(id: string): Promise<InstallStatus> {
    return Promise.resolve(this.#known(id).status);
  }

  async cancelInstall(id: string): Promise<InstallStatus> {
    const install = this.#known(id);
    if (!isFinal(install.status.state)) install.stop("cancelled", "The install was cancelled.");
    await this.journal.flush();
    return install.status;
  }

  renewLeases({ installIds, seconds }: LeaseRenewal): Promise<void> {
    for (const id of installIds) this.#installs.get(id)?.install.lease.renew(seconds);
    return Promise.resolve();
  }

  listOsDefinitions(): Promise<FolderList> {
    return Promise.resolve({ folders: [] });
  }

  readOsDefinition(): Promise<Buffer> {
    return Promise.reject(new SlipwayError("unknown_object", "A simulated node has no OS definitions.", { field: "name" }));
  }

  /** A guest powers itself off. */
  powerOffByItself(id: string): void {
    this.#setPower(id, false, "The system powered itself off.");
  }

  close(): void {
    for (const { install } of this.#installs.values()) {
      if (!isFinal(install.status.state)) install.stop("agent_restarted", "The node's agent was stopped during the install; the instance is as it was.");
    }
  }

  #known(id: string): SimulatedInstall {
    const install = this.#installs.get(id)?.install;
    if (install === undefined) throw new SlipwayError("unknown_object", "This node knows of no such install.");
    return install;
  }

  #instance(id: string): SimulatedInstance {
    const known = this.#instances.get(id);
    if (known !== undefined) return known;
    const instance: SimulatedInstance = { startedAt: null, hasDisk: false, installId: null, orders: new Set() };
    this.#instances.set(id, instance);
    return instance;
  }

  #runtime(id: string): InstanceRuntime {
    const instance = this.#instances.get(id);
    const startedAt = instance?.startedAt ?? null;
    return { instanceId: id, power: startedAt === null ? "stopped" : "running", startedAt, installId: instance?.installId ?? null, ...this.journal.position };
  }

  #setPower(id: string, isRunning: boolean, reason: string | null): void {
    const instance = this.#instance(id);
    if ((instance.startedAt !== null) === isRunning) return;
    instance.startedAt = isRunning ? new Date().toISOString() : null;
    this.journal.append({ type: "instance.power", instanceId: id, power: isRunning ? "running" : "stopped", reason });
  }
}

function refuseIfHeld(instance: SimulatedInstance): void {
  if (instance.installId !== null) throw new SlipwayError("conflict", "The instance is being installed.");
}
