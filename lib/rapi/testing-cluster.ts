import { z } from "zod";
import { PROTOCOL_VERSION } from "#lib/agent-protocol/messages.ts";
import { toJson } from "#lib/jobs/to-json.ts";
import type { TestServices } from "#lib/http/testing-services.ts";

const FACTS = {
  protocol: PROTOCOL_VERSION,
  agentVersion: "0.1.0",
  mode: "simulated",
  hostname: "node1",
  qemuVersion: null,
  runsHostScripts: false,
  cpus: 2,
  memoryTotalMib: 24_105,
  memoryFreeMib: 22_531,
  diskTotalMib: 258_019,
  diskFreeMib: 76_197,
  accelerator: "tcg",
  acceleratorReason: null,
  networking: { bridges: ["br0"], routed: true },
} as const;

const DIGEST = "0".repeat(64);

/** The cluster of the recorded exchanges, as far as our own has room for it. The owner `owner` has inst2. */
export async function seedRecordedCluster({ services, userIds }: TestServices): Promise<void> {
  const { db } = services;
  await db.blob.create({ data: { digest: DIGEST, sizeBytes: 0 } });
  await db.appliance.create({ data: { digest: DIGEST, name: "appliance", contractVersion: 1, kernelDigest: DIGEST, initrdDigest: DIGEST, manifest: {} } });
  await db.cluster.update({ where: { id: 1 }, data: { applianceDigest: DIGEST } });
  const node = await db.node.create({ data: { name: "node1.example.test", address: "https://10.77.0.1:7070", state: "online", facts: FACTS } });
  const definitionIds = new Map<string, string>();
  for (const name of ["tinyos", "dualos", "untos"]) {
    const definition = await db.osDefinition.create({ data: { name } });
    const version = await db.osDefinitionVersion.create({
      data: {
        definitionId: definition.id,
        version: 1,
        digest: DIGEST,
        apiVersions: [20],
        variants: ["default", "small"],
        manifest: {
          title: name,
          description: "",
          parameters: [
            { name: "dhcp", visibility: "public", type: "string", required: false, default: null, pattern: null, choices: [], help: "" },
            { name: "root_password", visibility: "private", type: "password", required: false, default: null, pattern: null, choices: [], help: "" },
            { name: "token", visibility: "secret", type: "password", required: false, default: null, pattern: null, choices: [], help: "" },
          ],
          steps: [],
          minimumDiskMib: 0,
          minimumMemoryMib: 0,
          bootMarker: null,
          hostScripts: [],
          untrustedScripts: ["create"],
          appliance: "small",
        },
      },
    });
    await db.osDefinition.update({ where: { id: definition.id }, data: { currentVersionId: version.id } });
    definitionIds.set(name, definition.id);
  }
  for (const [number, os, running] of [[1, "tinyos", true], [2, "tinyos", true], [3, "dualos", false], [4, "untos", false], [10, "tinyos", true]] as const) {
    await db.instance.create({
      data: {
        name: `inst${number}.example.test`,
        ownerId: number === 2 ? userIds.owner : null,
        nodeId: node.id,
        definitionId: definitionIds.get(os) ?? null,
        variant: "default",
        memoryMib: 128,
        adminState: running ? "running" : "stopped",
        operState: running ? "running" : "stopped",
        installState: "done",
        disks: { create: [{ index: 0, sizeMib: 1024 }] },
        nics: { create: [{ index: 0, mac: `aa:00:00:00:00:${String(number).padStart(2, "0")}`, ip: `10.77.1.${number + 1}`, mode: "routed", link: "100" }] },
      },
    });
  }
}

const recordedJob = z.object({
  id: z.number(),
  status: z.enum(["queued", "success", "error"]),
  ops: z.array(z.record(z.string(), z.unknown())),
  opstatus: z.array(z.enum(["queued", "success", "error"])),
  opresult: z.array(z.unknown()),
  summary: z.array(z.string()),
  received_ts: z.array(z.number()),
  start_ts: z.array(z.number()).nullable(),
  end_ts: z.array(z.number()).nullable(),
  oplog: z.array(z.array(z.tuple([z.number(), z.array(z.number()), z.string(), z.string()]))),
});

/** A job as a recorded exchange shows it, as a row of our own table. */
export async function seedRecordedJob({ services }: TestServices, recorded: unknown): Promise<void> {
  const job = recordedJob.parse(recorded);
  const time = ([seconds = 0, micros = 0]: readonly number[]): Date => new Date(seconds * 1000 + Math.floor(micros / 1000));
  await services.db.job.create({
    data: {
      id: job.id,
      status: job.status,
      ops: toJson(job.ops),
      opStatus: job.opstatus,
      opResult: toJson(job.opresult),
      summary: job.summary,
      request: { kind: "on-record" },
      requester: "admin",
      interface: "rapi",
      receivedAt: time(job.received_ts),
      startedAt: job.start_ts === null ? null : time(job.start_ts),
      endedAt: job.end_ts === null ? null : time(job.end_ts),
      logs: { create: job.oplog.flatMap((entries, opIndex) => entries.map(([serial, at, , message]) => ({ serial, opIndex, at: time(at), message }))) },
    },
  });
}
