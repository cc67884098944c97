import { existsSync } from "node:fs";
import { mkdir, readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import { z } from "zod";
import type { ChannelMessage, GuestData, InstanceRuntime, PowerOrder } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { Hypervisor } from "../hypervisor/hypervisor.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { Eraser } from "../disk-orders/erase.ts";
import type { Journal } from "../journal/journal.ts";
import type { Networks } from "../network/guest-network.ts";
import { prepareGuestPatterns, sealedGuestData } from "./guest-patterns.ts";
import { Instance } from "./instance.ts";
import { REMEMBERED_ORDERS } from "./instance-record.ts";

export interface InstancesOptions {
  readonly folder: string;
  readonly blobs: BlobStore;
  readonly eraser: Eraser;
  readonly hypervisor: Hypervisor;
  readonly networks: Networks;
  readonly journal: Journal;
  readonly log: Logger;
  /** The node's name. */
  readonly node: string;
}

/** The instances of this node. */
export class Instances {
  readonly #options: InstancesOptions;
  readonly #byId = new Map<string, Promise<Instance>>();

  private constructor(options: InstancesOptions) {
    this.#options = options;
  }

  static async open(options: InstancesOptions): Promise<Instances> {
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    // QEMU's working folder is compared with this one: it must be the real one.
    return new Instances({ ...options, folder: await realpath(options.folder) });
  }

  /** The instance with an id, which may have nothing on this node yet. */
  get(id: string): Promise<Instance> {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const opening = Instance.open(id, { ...this.#options, folder: join(this.#options.folder, z.uuid().parse(id)) });
    this.#byId.set(id, opening);
    opening.catch(() => this.#byId.delete(id));
    return opening;
  }

  /** Those that have something on this node. One whose record can't be read is told and passed over: the others are served. */
  async all(): Promise<Instance[]> {
    const names = (await readdir(this.#options.folder)).filter((name) => z.uuid().safeParse(name).success);
    const opened = await Promise.all(
      names.map((name) =>
        this.get(name).catch((error: unknown) => {
          this.#options.log.error({ err: error, instance: name }, "an instance's record can't be read: nothing can be done with it");
          return null;
        }),
      ),
    );
    return opened.filter((instance) => instance !== null);
  }

  /**
   * After a restart of the agent: takes over guests that still run, ends what else runs in the instances' folders (an
   * appliance's QEMU, its socat), and reports guests that were lost.
   */
  async recover(): Promise<void> {
    for (const instance of await this.all()) {
      await instance.clearVerification();
      const found = await instance.adopt();
      if (found === "adopted") {
        this.#options.log.info({ instance: instance.id }, "found a running guest again");
        continue;
      }
      await this.#options.hypervisor.clear(instance.folder);
      if (found === "lost") instance.tellStopped("It no longer ran when the agent was started again.");
    }
  }

  /** Carries out a power order once; the same order again only says how things are. */
  async power(order: PowerOrder): Promise<InstanceRuntime> {
    const instance = await this.get(order.instance.id);
    return instance.inTurn(async () => {
      if (instance.record.powerOrders.includes(order.orderId)) return instance.runtime;
      instance.refuseIfHeld();
      // Refused before anything is stored: an instance that has nothing here leaves nothing here.
      if (order.action === "start" || order.action === "rescue" || existsSync(instance.folder)) await this.#carryOut(instance, order);
      return instance.runtime;
    });
  }

  async #carryOut(instance: Instance, order: PowerOrder): Promise<void> {
    const { action, graceSeconds, guestData } = order;
    // A start that only said that it runs already would leave a person before the wrong system.
    if (action === "start" && instance.isRescued) throw new SlipwayError("conflict", "The instance runs its rescue system: stop or reboot it to come back to its own.");
    if (action === "rescue" && !instance.isRescued) await startRescue(instance, order);
    if (action === "stop" || action === "reboot") await instance.stop(graceSeconds);
    if ((action === "start" || action === "reboot") && !instance.isRunning) {
      if (guestData !== null) await useGuestData(instance, guestData);
      await instance.start(order.instance, guestData);
    }
    const powerOrders = [...instance.record.powerOrders, order.orderId].slice(-REMEMBERED_ORDERS);
    await instance.save({ powerOrders, spec: order.instance });
  }

  /** Running instances with a channel whose private values this process of the agent hasn't got. */
  async wanted(): Promise<string[]> {
    return (await Promise.all(this.#byId.values())).filter((instance) => instance.wantsGuestData).map(({ id }) => id);
  }

  async setGuestData(id: string, data: GuestData): Promise<void> {
    const instance = await this.get(id);
    await instance.setGuestData(data, await prepareGuestPatterns(data));
  }

  /** A line for the guest to read: an install's appliance, or the instance itself. */
  async say(id: string, message: ChannelMessage): Promise<void> {
    (await this.get(id)).say(message);
  }

  /** Connects a stream to the serial console of an instance that runs. */
  async openConsole(id: string, accept: () => Duplex): Promise<void> {
    (await this.get(id)).openConsole(accept);
  }

  async remove(id: string, erase: boolean): Promise<void> {
    const instance = await this.get(id);
    await instance.inTurn(async () => {
      instance.refuseIfHeld();
      await instance.remove(erase);
      this.#byId.delete(id);
    });
  }

  async release(): Promise<void> {
    for (const opening of this.#byId.values()) await (await opening).release();
  }
}

/** What a guest is started with is left out of what it says, and a restarted agent that hasn't got it again keeps nothing of that. */
export async function useGuestData(instance: Instance, data: GuestData): Promise<void> {
  if (sealedGuestData(data).length > 0 && !instance.record.hasSealedValues) await instance.save({ hasSealedValues: true });
  instance.setPatterns(await prepareGuestPatterns(data));
}

/** The system that runs goes before, by its own means within the grace. */
async function startRescue(instance: Instance, { appliance, graceSeconds, guestData, instance: spec }: PowerOrder): Promise<void> {
  if (appliance === null) throw new SlipwayError("invalid", "A rescue order names its appliance.", { field: "appliance" });
  // Before what runs is stopped for it.
  const rescue = await instance.checkRescue(appliance);
  await instance.stop(graceSeconds);
  // The values that its shell may come by on the disks, so that they are left out of what is logged.
  if (guestData !== null) await useGuestData(instance, guestData);
  await instance.startRescue(spec, rescue);
}
