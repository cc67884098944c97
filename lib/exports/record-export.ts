import type { Install, Transaction } from "#lib/db/client.ts";
import type { ExportManifest } from "#lib/domain/export-manifest.ts";
import { exportManifestSchema } from "#lib/domain/export-manifest.ts";
import { readOwnSource } from "#lib/instances/instance-source.ts";
import { readFacts, readParameters, readPlan } from "#lib/installs/stored.ts";
import { toJson } from "#lib/jobs/to-json.ts";

/**
 * Puts an export on record once its script has said that it worked: what the node keeps, and what is needed to make the instance again.
 *
 * @param install with what its node said last in it: the files and their digests are from there.
 */
export async function recordExport(tx: Transaction, install: Pick<Install, "id" | "instanceId" | "jobId" | "nodeId" | "plan" | "parameters" | "facts">, exportId: string): Promise<void> {
  const manifest = await makeManifest(tx, install);
  const { ownerId } = await tx.instance.findUniqueOrThrow({ where: { id: install.instanceId }, select: { ownerId: true } });
  const { requester } = await tx.job.findUniqueOrThrow({ where: { id: install.jobId }, select: { requester: true } });
  await tx.instanceExport.create({
    data: {
      id: exportId,
      instanceName: manifest.instance.name,
      ownerId,
      nodeId: install.nodeId,
      manifest: toJson(manifest),
      sizeBytes: BigInt(manifest.files.reduce((sum, { bytes }) => sum + bytes, 0)),
      createdBy: requester,
    },
    select: { id: true },
  });
}

async function makeManifest(tx: Transaction, install: Pick<Install, "id" | "instanceId" | "plan" | "parameters" | "facts">): Promise<ExportManifest> {
  const { instanceId } = install;
  const instance = await tx.instance.findUniqueOrThrow({ where: { id: instanceId } });
  // One after the other: relations that are read at once would meet on the transaction's one connection.
  const disks = await tx.instanceDisk.findMany({ where: { instanceId }, orderBy: { index: "asc" } });
  const nics = await tx.instanceNic.findMany({ where: { instanceId }, orderBy: { index: "asc" }, include: { network: { select: { name: true } } } });
  const parameters = await tx.instanceParameter.findMany({ where: { instanceId }, orderBy: { name: "asc" } });
  const plan = readPlan(install.plan);
  const fingerprints = new Map(readParameters(install.parameters).map(({ name, fingerprint }) => [name, fingerprint ?? null]));
  const { id, name, vcpus, memoryMib, tags, communication, datasource, sshKeys } = instance;
  return exportManifestSchema.parse({
    format: "slipway-export/1",
    instance: {
      id, name, vcpus, memoryMib, tags, communication, datasource, sshKeys,
      disks: disks.map(({ index, sizeMib, name: label }) => ({ index, sizeMib, name: label })),
      nics: nics.map(({ index, mode, link, name: label, network, forwards }) => ({ index, mode, link, name: label, network: network?.name ?? null, forwards })),
    },
    os: { osType: plan.osType, version: plan.definitionVersion, digest: plan.definitionDigest },
    source: readOwnSource(instance.installSource),
    // What the instance keeps as its own; defaults of others count anew where it is imported.
    parameters: parameters.map(({ name: parameter, visibility, publicValue }) => {
      switch (visibility) {
        case "public":
          return { name: parameter, visibility, value: publicValue ?? "" };
        case "private":
          return { name: parameter, visibility, fingerprint: fingerprints.get(parameter) ?? null };
        case "secret":
          return { name: parameter, visibility };
      }
    }),
    files: readFacts(install.facts).files,
  });
}
