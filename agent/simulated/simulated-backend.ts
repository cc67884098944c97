import { createHash } from "node:crypto";
import type { Duplex, Readable } from "node:stream";
import type { ChannelMessage, DiskOrder, DiskResult, FolderList, HostKey, InstallOrder, InstallStatus, InstanceRuntime, LeaseRenewal, NodeFacts, PowerOrder, ProbeRequest, ProbeResult } from "#lib/agent-protocol/messages.ts";
import { PROTOCOL_VERSION } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { isFinal } from "#lib/domain/install-states.ts";
import type { AgentBackend } from "../api/backend.ts";
import { AGENT_VERSION } from "../facts.ts";
import { digestOrder } from "../installs/install-record.ts";
import { runsIn } from "../installs/order-facts.ts";
import type { Journal } from "../journal/journal.ts";
import type { BehaviourOf } from "./behaviour.ts";
import { SimulatedDiskOrders } from "./simulated-disk-orders.ts";
import { SimulatedExports } from "./simulated-exports.ts";
import { ENDED, SimulatedInstance } from "./simulated-instance.ts";
import { SimulatedInstall } from "./simulated-install.ts";
import { simulateEffects } from "./simulate-effects.ts";
import { simulateProbe } from "./simulated-probe.ts";

export interface SimulatedBackendOptions {
  readonly nodeName: string;
  readonly journal: Journal;
  readonly behaviourOf: BehaviourOf;
  readonly workMs: number;
  readonly runsHostScripts: boolean;
  readonly onVanish: () => void;
}

/** A node without virtual machines: state in memory, real orders, real events. */
export class SimulatedBackend implements AgentBackend {
  readonly journal: Journal;
  readonly #options: SimulatedBackendOptions;
  readonly #blobs = new Set<string>();
  readonly #instances = new Map<string, SimulatedInstance>();
  readonly #diskOrders = new SimulatedDiskOrders();
  readonly #exports = new SimulatedExports();
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
      runsHostScripts: this.#options.runsHostScripts,
      imageFolders: ["/srv/images"],
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
      instance.refuseIfHeld();
      carryOut(instance, order);
      instance.orders.add(order.orderId);
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
      this.#instance(id).refuseIfHeld();
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
    const { journal, behaviourOf, workMs, onVanish, runsHostScripts } = this.#options;
    if (runsIn(order, "host") && !runsHostScripts) throw new SlipwayError("unsupported", "This node runs no scripts of OS definitions on itself.", { field: "os.places" });
    instance.refuseIfHeld("instance.id");
    if (order.exportId !== null) this.#exports.check(order.exportId, order.importFiles);
    const boots = order.start ?? instance.isRunning;
    const install = new SimulatedInstall({
      order,
      behaviour: behaviourOf(order),
      journal,
      boots,
      stops: instance.isRunning && !instance.isRescued,
      workMs,
      onVanish,
      effects: simulateEffects(instance, order, this.#exports),
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

  completeInstall(id: string): Promise<InstallStatus> {
    return new Promise((resolve) => {
      const install = this.#known(id);
      install.complete();
      resolve(install.status);
    });
  }

  async diskOrder(id: string, order: DiskOrder): Promise<DiskResult> {
    const result = this.#diskOrders.carryOut(this.#instance(id), order);
    await this.journal.flush();
    return result;
  }

  openConsole(id: string, accept: () => Duplex): Promise<void> {
    return new Promise((resolve) => {
      const instance = this.#instance(id);
      if (!instance.isRunning) throw new SlipwayError("conflict", "The instance doesn't run: there is nobody at its serial console.");
      instance.console.connect(accept);
      resolve();
    });
  }

  probeSources(request: ProbeRequest): Promise<ProbeResult> {
    return Promise.resolve(simulateProbe(request));
  }

  readExportFile(exportId: string, name: string): Promise<{ stream: Readable; length: number }> {
    return new Promise((resolve) => {
      resolve(this.#exports.read(exportId, name));
    });
  }

  putExportFile(exportId: string, name: string, sha256: string, bytes: AsyncIterable<Buffer>): Promise<void> {
    return this.#exports.put(exportId, name, sha256, bytes);
  }

  removeExport(exportId: string): Promise<void> {
    this.#exports.remove(exportId);
    return Promise.resolve();
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

  /** Its system, by the id of the install that made it. */
  systemOf(id: string): string | null {
    return this.#instance(id).disks.system;
  }

  consoleSays(id: string, text: string): void {
    this.#instance(id).console.say(text);
  }

  goOn(installId: string): void {
    this.#known(installId).goOn();
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

function carryOut(instance: SimulatedInstance, { action, appliance, instance: spec, guestData }: PowerOrder): void {
  if (action !== "stop" && instance.disks.system === null) throw new SlipwayError("conflict", "The instance has no disk on this node: nothing is installed.");
  if (action === "start" && instance.isRescued) throw new SlipwayError("conflict", "The instance runs its rescue system: stop or reboot it to come back to its own.");
  if (action === "rescue") {
    if (appliance === null) throw new SlipwayError("invalid", "A rescue order names its appliance.", { field: "appliance" });
    if (appliance.contract < 2 || appliance.rootDigest === null) {
      throw new SlipwayError("unsupported", "The cluster's appliance can't be a rescue system: that takes a full userland and version 2 of the contract.", { field: "appliance" });
    }
    if (!instance.isRescued) instance.stop(ENDED);
    instance.startRescue(spec);
    return;
  }
  if (action !== "start") instance.stop(ENDED);
  if (action !== "stop") instance.start(spec, guestData);
}
