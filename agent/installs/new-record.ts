import { existsSync } from "node:fs";
import { join } from "node:path";
import type { InstallOrder } from "#lib/agent-protocol/messages.ts";
import { sealedGuestData } from "../instances/guest-patterns.ts";
import type { Instance } from "../instances/instance.ts";
import { diskFile } from "./disks.ts";
import { digestOrder, type InstallRecord } from "./install-record.ts";
import { replacedDisks } from "./work-disks.ts";

/** What is written down of an order when it is accepted, and of the instance as it is then. */
export function newRecord(order: InstallOrder, instance: Instance): InstallRecord {
  const { spec, hasSealedValues } = instance.record;
  const present = new Set(order.instance.disks.map(({ index }) => index).filter((index) => existsSync(join(instance.folder, diskFile(index)))));
  return {
    status: {
      id: order.id,
      instanceId: instance.id,
      state: "accepted",
      percent: 0,
      step: null,
      steps: [],
      error: null,
      committed: false,
      overwritten: false,
      confirmed: null,
      facts: { image: null, package: null, media: [], files: [] },
      firstBootAt: null,
      lastContactAt: null,
    },
    phase: "open",
    orderDigest: digestOrder(order),
    operation: order.operation,
    completion: order.completion,
    spec: order.instance,
    replaces: replacedDisks(order, present),
    previous: {
      spec,
      hasSealedValues,
      // A rescue system isn't what comes back.
      wasRunning: instance.isRunning && !instance.isRescued,
      hadDisk: present.has(0),
      dataDisks: [...present].filter((index) => index !== 0),
    },
    hasSealedValues: sealedGuestData(order).length > 0,
    boots: order.start ?? instance.isRunning,
    bootMarker: order.os?.bootMarker ?? null,
    firstBootSeconds: order.firstBootSeconds,
    retainPreviousSeconds: order.retainPreviousSeconds,
    exportId: order.exportId,
    erase: order.erase,
    previousUntil: null,
    acceptedAt: new Date().toISOString(),
    reservedEntries: 1_000,
  };
}
