import type { DiskOrder, DiskResult } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { Instance } from "../instances/instance.ts";
import type { Instances } from "../instances/instances.ts";
import type { DiskOrderContext, DiskOrderRun } from "./disk-order-context.ts";
import { digestDiskOrder, type DiskOrderRecord, type DiskOrderRecords, type DiskWork } from "./disk-order-record.ts";
import { recoverDiskOrder } from "./recover-disk-order.ts";
import { checkRestore, restoreSnapshot } from "./restore-snapshot.ts";
import { planRollback, rollBackSystem } from "./roll-back-system.ts";
import { checkSnapshot, deleteSnapshot, takeSnapshot } from "./snapshot-disks.ts";

export interface DiskOrdersOptions extends DiskOrderContext {
  readonly instances: Instances;
  readonly records: DiskOrderRecords;
}

/**
 * Work on the disks of instances that no install holds: rollback and snapshots (design: install, "`rollback` swaps back", "Around it").
 * While an order is carried out it holds its instance. Each has a record on disk, so that the next process of the agent finishes or undoes
 * what this one leaves.
 */
export class DiskOrders {
  readonly #options: DiskOrdersOptions;
  readonly #records = new Map<string, DiskOrderRecord>();
  readonly #running = new Map<string, { readonly orderDigest: string; readonly result: Promise<DiskResult> }>();
  readonly #closing = new AbortController();

  private constructor(options: DiskOrdersOptions) {
    this.#options = options;
  }

  /** Brings to an end what an earlier process left. Installs have told before what they keep. */
  static async open(options: DiskOrdersOptions): Promise<DiskOrders> {
    const orders = new DiskOrders(options);
    const records = await options.records.all((file, error) => {
      options.log.error({ err: error, file }, "the record of work on disks can't be read: it is left as it is");
    });
    for (const record of records) await orders.#recover(record);
    // Not before: what is half swapped back may be of a system whose time is up.
    options.retention.begin();
    return orders;
  }

  /**
   * Carries an order out, once: the same again gets the same result.
   *
   * @throws SlipwayError `conflict` where an install or another order has the instance, or its state doesn't allow it; nothing is changed
   */
  async carryOut(instanceId: string, order: DiskOrder): Promise<DiskResult> {
    const { orderId } = order;
    const orderDigest = digestDiskOrder(instanceId, order);
    const known = this.#running.get(orderId) ?? this.#records.get(orderId);
    if (known !== undefined) {
      if (known.orderDigest !== orderDigest) throw new SlipwayError("conflict", "Another order was given under this id.", { field: "orderId" });
      const result = await known.result;
      if (result !== null) return result;
      throw new SlipwayError("internal", "The order couldn't be brought to its end; the agent tries again when it is started.");
    }
    const result = this.#carryOut(instanceId, order, orderDigest);
    this.#running.set(orderId, { orderDigest, result });
    try {
      return await result;
    } finally {
      this.#running.delete(orderId);
    }
  }

  /** Ends what is under way; the next process of the agent finishes or undoes it. */
  async close(): Promise<void> {
    this.#closing.abort(new SlipwayError("agent_restarted", "The node's agent is being stopped."));
    await Promise.allSettled([...this.#running.values()].map(({ result }) => result));
  }

  async #carryOut(instanceId: string, order: DiskOrder, orderDigest: string): Promise<DiskResult> {
    this.#closing.signal.throwIfAborted();
    const instance = await this.#options.instances.get(instanceId);
    const run = await instance.inTurn(() => this.#takeHold(instance, order, orderDigest));
    try {
      return await this.#finish(run, await perform(run, order));
    } catch (error) {
      if (this.#closing.signal.aborted) throw error;
      const result = await this.#recoverAfter(error, run);
      if (result === null) throw error;
      return result;
    } finally {
      // What could neither be finished nor undone holds it until the next start of the agent: nothing may come between.
      const { phase } = this.#records.get(order.orderId) ?? { phase: "done" };
      if (phase === "done") instance.diskOrderId = null;
    }
  }

  /** In the instance's turn: everything that can be refused is, and from here on the instance is held. */
  async #takeHold(instance: Instance, order: DiskOrder, orderDigest: string): Promise<DiskOrderRun> {
    instance.refuseIfHeld();
    const work = await planWork(instance, order, this.#options);
    const { orderId } = order;
    const run = this.#run(instance, { orderId, instanceId: instance.id, orderDigest, acceptedAt: new Date().toISOString(), phase: "open", work, result: null }, order);
    try {
      await run.save({});
    } catch (error) {
      if (work.action === "rollback") this.#options.retention.release(work.installId, false);
      throw error;
    }
    instance.diskOrderId = orderId;
    return run;
  }

  /** As a restart would: what is committed is finished, what isn't is undone and can be ordered again. */
  async #recoverAfter(error: unknown, run: DiskOrderRun): Promise<DiskResult | null> {
    const { orderId } = run.record;
    this.#options.log.warn({ err: error, order: orderId, instance: run.instance.id }, "work on an instance's disks failed");
    try {
      const result = await recoverDiskOrder(run);
      if (result !== null) return await this.#finish(run, result);
      await this.#forget(orderId);
    } catch (failure) {
      this.#options.log.error({ err: failure, order: orderId }, "work on an instance's disks couldn't be undone; the next start of the agent tries it again");
    }
    return null;
  }

  async #recover(record: DiskOrderRecord): Promise<void> {
    this.#records.set(record.orderId, record);
    if (record.phase === "done") {
      this.#remember(record);
      return;
    }
    try {
      const instance = await this.#options.instances.get(record.instanceId);
      instance.diskOrderId = record.orderId;
      if (record.work.action === "rollback") this.#options.retention.claim(record.work.installId);
      const run = this.#run(instance, record, null);
      const result = await recoverDiskOrder(run);
      if (result === null) await this.#forget(record.orderId);
      else await this.#finish(run, result);
      instance.diskOrderId = null;
    } catch (error) {
      // One instance whose disks can't be brought to order must not keep the agent from serving the others.
      this.#options.log.error({ err: error, order: record.orderId }, "work on an instance's disks couldn't be brought to its end");
    }
  }

  #run(instance: Instance, first: DiskOrderRecord, order: DiskOrder | null): DiskOrderRun {
    const options = this.#options;
    const known = this.#records;
    let record = first;
    return {
      ...options,
      instance,
      guestData: order?.action === "rollback" ? order.guestData : null,
      guestDataBefore: instance.guestData,
      signal: this.#closing.signal,
      get record() {
        return record;
      },
      save: async (change) => {
        const next = { ...record, ...change };
        await options.records.save(next);
        record = next;
        known.set(next.orderId, next);
      },
    };
  }

  async #finish(run: DiskOrderRun, result: DiskResult): Promise<DiskResult> {
    await run.save({ phase: "done", result });
    this.#remember(run.record);
    return result;
  }

  /** As long as the same order may come again, and what it keeps is kept. */
  #remember({ orderId, instanceId, acceptedAt, work }: DiskOrderRecord): void {
    const { retention } = this.#options;
    let id = orderId;
    if (work.action === "rollback" && work.keptUntil !== null) {
      const { keepAs, keptUntil, erase, before } = work;
      id = keepAs;
      retention.keep({ id, instanceId, until: Date.parse(keptUntil), erase, hasSealedValues: before.hasSealedValues });
    }
    retention.remember(id, Date.parse(acceptedAt), () => this.#forget(orderId));
  }

  async #forget(orderId: string): Promise<void> {
    await this.#options.records.remove(orderId);
    this.#records.delete(orderId);
  }
}

async function planWork(instance: Instance, order: DiskOrder, context: DiskOrderContext): Promise<DiskWork> {
  switch (order.action) {
    case "rollback":
      return planRollback(instance, order, context);
    case "snapshot": {
      const { action, snapshotId, disks } = order;
      const work = { action, snapshotId, disks };
      checkSnapshot(instance, work);
      return work;
    }
    case "restore-snapshot": {
      const { action, snapshotId, disks, erase } = order;
      const work = { action, snapshotId, disks, erase };
      checkRestore(instance, work);
      return work;
    }
    case "delete-snapshot": {
      const { action, snapshotId, erase } = order;
      return { action, snapshotId, erase };
    }
  }
}

function perform(run: DiskOrderRun, order: DiskOrder): Promise<DiskResult> {
  const { work } = run.record;
  switch (work.action) {
    case "rollback":
      return rollBackSystem(run, work, order.action === "rollback" ? order.graceSeconds : 0);
    case "snapshot":
      return takeSnapshot(run, work);
    case "restore-snapshot":
      return restoreSnapshot(run, work);
    case "delete-snapshot":
      return deleteSnapshot(run, work);
  }
}
