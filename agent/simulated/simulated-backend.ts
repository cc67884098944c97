import { createHash } from "node:crypto";
import type { ChannelMessage, FolderList, HostKey, InstallOrder, InstallStatus, InstanceRuntime, LeaseRenewal, NodeFacts, PowerOrder } from "#lib/agent-protocol/messages.ts";
import { PROTOCOL_VERSION } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { isFinal } from "#lib/domain/install-states.ts";
import type { AgentBackend } from "../api/backend.ts";
import { AGENT_VERSION } from "../facts.ts";
import { digestOrder } from "../installs/install-record.ts";
import type { Journal } from "../journal/journal.ts";
import type { BehaviourOf } from "./behaviour.ts";
import { SimulatedInstance } from "./simulated-instance.ts";
import { SimulatedInstall } from "./simulated-install.ts";

const ENDED = "The virtual machine was ended.";

export interface SimulatedBackendOptions {
  readonly nodeName: string;
  readonly journal: Journal;
  readonly behaviourOf: BehaviourOf;
  readonly workMs: number;
  readonly onVanish: () => void;
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
      networking: { bridges: ["br0"], routed: true },
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
    return Promise.resolve(this.#instance(id).runtime);
  }

  async power(id: string, order: PowerOrder): Promise<InstanceRuntime> {
    const instance = this.#instance(id);
    if (!instance.orders.has(order.orderId)) {
      refuseIfHeld(instance);
      if (order.action !== "stop" && !instance.hasDisk) throw new SlipwayError("conflict", "The instance has no disk on this node: nothing is installed.");
      instance.orders.add(order.orderId);
      if (order.action !== "start") instance.stop(ENDED);
      if (order.action !== "stop") instance.start(order.instance, order.guestData);
      await this.journal.flush();
    }
    return instance.runtime;
  }

  wantedGuestData(): Promise<string[]> {
    return Promise.resolve([...this.#instances.values()].filter((instance) => instance.wantsGuestData).map(({ id }) => id));
  }

  async putGuestData(id: string): Promise<void> {
    await Promise.resolve(this.#instance(id)).then((instance) => {
      instance.setGuestData();
    });
  }

  /** To the appliance of an install under way, or to the running instance. */
  async sendToGuest(id: string, message: ChannelMessage): Promise<void> {
    const instance = await Promise.resolve(this.#instance(id));
    if (instance.messages.has(message.id)) return;
    const installing = this.#installs.get(instance.installId ?? "")?.install;
    (installing ?? instance).hear(message);
    instance.messages.add(message.id);
  }

  removeInstance(id: string): Promise<void> {
    return new Promise((resolve) => {
      refuseIfHeld(this.#instance(id));
      this.#instance(id).stop(ENDED);
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
    const boots = order.start ?? instance.isRunning;
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
        instance.stop(ENDED);
        if (boots) instance.start(order.instance, { parameters: new Map(), userData: order.userData });
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
    this.#instance(id).stop("The system powered itself off.");
  }

  guestSays(id: string, text: string): void {
    this.#instance(id).say(text);
  }

  guestReads(id: string): string[] {
    return this.#instance(id).read();
  }

  guestShowsHostKeys(id: string, keys: readonly HostKey[]): void {
    this.#instance(id).showHostKeys(keys);
  }

  /** As after a restart of the agent's process: private values are gone. */
  forgetGuestData(): void {
    for (const instance of this.#instances.values()) instance.forgetGuestData();
  }

  close(): void {
    for (const instance of this.#instances.values()) instance.close();
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
    const instance = new SimulatedInstance(id, this.journal);
    this.#instances.set(id, instance);
    return instance;
  }
}

function refuseIfHeld(instance: SimulatedInstance): void {
  if (instance.installId !== null) throw new SlipwayError("conflict", "The instance is being installed.");
}
