import { randomUUID } from "node:crypto";
import type { InstallOrder, InstanceSpec, PowerOrder } from "#lib/agent-protocol/messages.ts";

/** An instance with one disk, for tests. */
export function exampleInstance(change: Partial<InstanceSpec> = {}): InstanceSpec {
  return {
    id: randomUUID(),
    name: "web1.example.org",
    vcpus: 1,
    memoryMib: 256,
    disks: [{ id: randomUUID(), index: 0, sizeMib: 16, name: null }],
    nics: [{ id: randomUUID(), index: 0, mac: "aa:00:00:12:34:56", ip: null, mode: "routed", link: null, name: null, network: null, forwards: [] }],
    tags: [],
    communication: false,
    channelIp: null,
    datasource: "openstack",
    requireTokens: false,
    sshKeys: [],
    cluster: "slipway",
    ...change,
  };
}

/** An order that has a definition's script run in the appliance. */
export type ScriptOrder = InstallOrder & { appliance: NonNullable<InstallOrder["appliance"]>; os: NonNullable<InstallOrder["os"]> };

/** An order that names blobs which needn't exist, for tests. */
export function exampleOrder(change: Partial<ScriptOrder> = {}): ScriptOrder {
  const digest = "0".repeat(64);
  return {
    id: randomUUID(),
    operation: "create",
    instance: exampleInstance(),
    primaryNode: "node1",
    appliance: { kernelDigest: digest, initrdDigest: digest, rootDigest: null, contract: 2 },
    os: {
      definition: "debian",
      variant: null,
      apiVersion: 20,
      digest,
      untrustedDigest: digest,
      hostDigest: null,
      imageDigest: null,
      imageUse: "device",
      appliance: "small",
      script: "create",
      places: ["appliance"],
      verify: false,
      steps: [
        { id: "partition", label: "Partition the disk", weight: 1 },
        { id: "unpack", label: "Unpack", weight: 8 },
        { id: "configure", label: "Configure", weight: 1 },
      ],
      bootMarker: "login:",
    },
    image: null,
    medium: {},
    package: null,
    allowPrivate: [],
    completion: "reported",
    inPlace: false,
    replaceDataDisks: [],
    oldName: null,
    exportId: null,
    importFiles: [],
    parameters: new Map(),
    userData: null,
    applianceIp: null,
    timeoutSeconds: 120,
    firstBootSeconds: 60,
    start: true,
    retainPreviousSeconds: 60,
    leaseSeconds: 60,
    erase: false,
    ...change,
  };
}

export function powerOrder(instance: InstanceSpec, action: PowerOrder["action"], graceSeconds = 0, guestData: PowerOrder["guestData"] = null): PowerOrder {
  return { orderId: randomUUID(), action, appliance: null, graceSeconds, instance, guestData };
}
