import { createHmac, randomBytes } from "node:crypto";
import type { InstallOrder, InstallStatus, LeaseRenewal } from "#lib/agent-protocol/messages.ts";
import { encodeInstallOrder } from "#lib/agent-protocol/encode-order.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { isFinal } from "#lib/domain/install-states.ts";
import type { Instances } from "../instances/instances.ts";
import { Install, type InstallContext } from "./install.ts";
import { digestOrder, type InstallRecord } from "./install-record.ts";
import { newRecord } from "./new-record.ts";
import { runsIn } from "./order-facts.ts";
import { recoverInstalls } from "./recover-installs.ts";
import { runInstall } from "./run-install.ts";

/** Nobody tells when there is room again, or whatever else was missing. */
export const AGAIN_MS = 10_000;

/** Every install that this node knows of. */
export class Installs {
  readonly #context: InstallContext;
  readonly #instances: Instances;
  /** Those that are over, and those that an earlier process left. */
  readonly #records = new Map<string, InstallRecord>();
  readonly #running = new Map<string, { readonly install: Install; readonly ended: Promise<void> }>();
  readonly #accepting = new Map<string, Promise<InstallStatus>>();
  /** Orders are compared by it while they are in memory, values included. */
  readonly #key = randomBytes(32);
  readonly #fingerprints = new Map<string, string>();
  readonly #closing = new AbortController();

  private constructor(context: InstallContext, instances: Instances) {
    this.#context = context;
    this.#instances = instances;
  }

  /** Brings to an end what an earlier process left. */
  static async open(context: InstallContext, instances: Instances): Promise<Installs> {
    const installs = new Installs(context, instances);
    const { records, journal, log, eraser, exports } = context;
    for (const record of await recoverInstalls({ records, instances, journal, log, eraser, exports })) {
      installs.#records.set(record.status.id, record);
      installs.#keep(record);
    }
    return installs;
  }

  /** Takes an order: the same one twice is one install, another body under the same id is refused. */
  async accept(order: InstallOrder): Promise<InstallStatus> {
    const accepting = this.#accepting.get(order.id);
    if (accepting !== undefined) await accepting.catch(() => undefined);
    const known = this.#recordOf(order.id);
    if (known !== undefined) {
      const fingerprint = this.#fingerprints.get(order.id);
      const isSame = known.orderDigest === digestOrder(order) && (fingerprint === undefined || fingerprint === this.#fingerprint(order));
      if (isSame) return this.status(order.id);
      throw new SlipwayError("conflict", "Another install was ordered under this id.", { field: "id" });
    }
    const starting = this.#start(order);
    this.#accepting.set(order.id, starting);
    try {
      return await starting;
    } finally {
      this.#accepting.delete(order.id);
    }
  }

  status(id: string): InstallStatus {
    const status = this.#running.get(id)?.install.status ?? this.#records.get(id)?.status;
    if (status === undefined) throw new SlipwayError("unknown_object", "This node knows of no such install.");
    return status;
  }

  /** Asks an install to end and leave the instance as it was. One that is over stays as it is. */
  cancel(id: string): InstallStatus {
    this.#running.get(id)?.install.stop("cancelled", "The install was cancelled.");
    return this.status(id);
  }

  /** Ends the wait for a guest's report, by hand. One that is over stays as it is. */
  complete(id: string): InstallStatus {
    this.#running.get(id)?.install.complete();
    return this.status(id);
  }

  /** Renews the leases of installs that are under way here; others are passed over. */
  renewLeases({ installIds, seconds }: LeaseRenewal): void {
    for (const id of installIds) this.#running.get(id)?.install.lease.renew(seconds);
  }

  /** Puts back what is under way and resolves when that is done. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const { install } of this.#running.values()) install.stop("agent_restarted", install.record.status.overwritten ? "The node's agent was stopped during the install, which had written to the disk in place." : "The node's agent was stopped during the install; the instance is as it was.");
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  /** Its previous disks as long as they are kept, and its record as long as it may be asked about. */
  #keep(record: InstallRecord): void {
    const { id } = record.status;
    this.#context.retention.keepInstall(record, async () => {
      this.#records.delete(id);
      await this.#context.records.remove(id);
    });
  }

  #recordOf(id: string): InstallRecord | undefined {
    return this.#running.get(id)?.install.record ?? this.#records.get(id);
  }

  async #start(order: InstallOrder): Promise<InstallStatus> {
    if (runsIn(order, "host") && !this.#context.hostScripts.available) throw new SlipwayError("unsupported", "This node runs no scripts of OS definitions on itself.", { field: "os.places" });
    if (this.#closing.signal.aborted) throw new SlipwayError("conflict", "The agent is shutting down.");
    const cameAt = performance.now();
    const instance = await this.#instances.get(order.instance.id);
    const install = await instance.inTurn(async () => {
      const waitedMs = performance.now() - cameAt;
      // Whoever sent it may have called it failed by now.
      if (waitedMs >= order.leaseSeconds * 1_000) throw new SlipwayError("lease_expired", "The instance was busy for longer than the order's lease.", { field: "instance.id" });
      instance.refuseIfHeld("instance.id");
      const candidate = new Install(order, instance, newRecord(order, instance), this.#context, waitedMs);
      instance.installId = order.id;
      try {
        await candidate.save({});
      } catch (error) {
        instance.installId = null;
        candidate.endTimeout();
        candidate.lease.end();
        throw error;
      }
      return candidate;
    });
    this.#fingerprints.set(order.id, this.#fingerprint(order));
    install.log.state();
    const ended = this.#bringToEnd(install).then(() => {
      if (!isFinal(install.record.status.state)) return;
      this.#records.set(order.id, install.record);
      this.#running.delete(order.id);
      this.#fingerprints.delete(order.id);
      this.#keep(install.record);
    });
    this.#running.set(order.id, { install, ended });
    return install.status;
  }

  /** Never rejects. An install that can't be brought to its end, on a disk that is full say, is tried again until that works or the agent ends. */
  async #bringToEnd(install: Install): Promise<void> {
    const again = await runInstall(install);
    for (let isOver = again === null; !isOver && again !== null; isOver = await again()) if (!(await this.#waitUnlessClosing(AGAIN_MS))) return;
  }

  /** False: the agent ends. */
  #waitUnlessClosing(milliseconds: number): Promise<boolean> {
    const { signal } = this.#closing;
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", finish);
        resolve(!signal.aborted);
      };
      const timer = setTimeout(finish, milliseconds);
      if (signal.aborted) finish();
      else signal.addEventListener("abort", finish, { once: true });
    });
  }

  /** Over the whole order, with a key that dies with the process. */
  #fingerprint(order: InstallOrder): string {
    return createHmac("sha256", this.#key).update(encodeInstallOrder(order)).digest("hex");
  }
}
