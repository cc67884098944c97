import { createHash } from "node:crypto";
import { CONTROLLER_VERSION } from "#lib/config/version.ts";
import type { Keyring } from "#lib/context/context.ts";
import type { Appliance, Install, Instance, Job, NodeRow, OsDefinitionVersion, Transaction } from "#lib/db/client.ts";
import { preAuthenticationEncoding, STATEMENT_PAYLOAD } from "#lib/domain/dsse.ts";
import type { InstallPlan } from "#lib/domain/install-plan.ts";
import { isFinal } from "#lib/domain/install-states.ts";
import type { ReceiptParameter, ReceiptPredicate } from "#lib/domain/receipt-statement.ts";
import { makeStatement } from "#lib/domain/receipt-statement.ts";
import type { DsseEnvelope } from "#lib/domain/receipt-views.ts";
import type { InstallFactsView } from "#lib/domain/views.ts";
import type { StoredParameter } from "#lib/installs/stored.ts";
import { readFacts, readParameters, readPlan, readStages } from "#lib/installs/stored.ts";
import { toJson } from "#lib/jobs/to-json.ts";

/** Characters of a public value that a receipt repeats; of a longer one it has the digest. */
const VALUE_LENGTH = 1_024;

/** An install with what else stands in its receipt. */
interface Row extends Install {
  readonly instance: Pick<Instance, "name" | "ownerId">;
  readonly node: Pick<NodeRow, "name" | "agentVersion">;
  readonly appliance: Appliance | null;
  readonly definitionVersion: Pick<OsDefinitionVersion, "version" | "digest"> | null;
  readonly job: Pick<Job, "requester" | "interface">;
}

/**
 * Writes the receipt of an install that has ended, in the transaction of its end, whatever the end (docs/receipts.md). Once more, where the
 * node has said later that it ended otherwise.
 *
 * @param installId its row must say how it ended.
 */
export async function writeReceipt(tx: Transaction, keyring: Keyring, installId: string): Promise<void> {
  const install = await readRow(tx, installId);
  const cluster = await tx.cluster.findUniqueOrThrow({ where: { id: 1 }, select: { uuid: true, name: true } });
  const statement = makeStatement(makePredicate(install, cluster));
  const { keyId, envelope } = signStatement(keyring, statement);
  const { instanceId, instance } = install;
  const receipt = { instanceId, instanceName: instance.name, ownerId: instance.ownerId, keyId, envelope: toJson(envelope), createdAt: new Date() };
  await tx.receipt.upsert({ where: { installId }, create: { installId, ...receipt }, update: receipt, select: { installId: true } });
}

/** One after the other: relations that are read at once would meet on the transaction's one connection. */
async function readRow(tx: Transaction, installId: string): Promise<Row> {
  const install = await tx.install.findUniqueOrThrow({ where: { id: installId } });
  const { instanceId, nodeId, applianceDigest, definitionVersionId, jobId } = install;
  return {
    ...install,
    instance: await tx.instance.findUniqueOrThrow({ where: { id: instanceId }, select: { name: true, ownerId: true } }),
    node: await tx.node.findUniqueOrThrow({ where: { id: nodeId }, select: { name: true, agentVersion: true } }),
    appliance: applianceDigest === null ? null : await tx.appliance.findUnique({ where: { digest: applianceDigest } }),
    definitionVersion: definitionVersionId === null ? null : await tx.osDefinitionVersion.findUnique({ where: { id: definitionVersionId }, select: { version: true, digest: true } }),
    job: await tx.job.findUniqueOrThrow({ where: { id: jobId }, select: { requester: true, interface: true } }),
  };
}

function signStatement(keyring: Keyring, statement: object): { readonly keyId: string; readonly envelope: DsseEnvelope } {
  const payload = Buffer.from(JSON.stringify(statement), "utf8");
  const { keyId, signature } = keyring.sign(preAuthenticationEncoding(STATEMENT_PAYLOAD, payload));
  const signatures = [{ keyid: keyId, sig: Buffer.from(signature).toString("base64") }];
  return { keyId, envelope: { payloadType: STATEMENT_PAYLOAD, payload: payload.toString("base64"), signatures } };
}

function makePredicate(install: Row, cluster: { readonly uuid: string; readonly name: string }): ReceiptPredicate {
  const plan = readPlan(install.plan);
  const facts = readFacts(install.facts);
  if (!isFinal(install.state)) throw new Error(`install ${install.id} hasn't ended`);
  return {
    cluster: { uuid: cluster.uuid, name: cluster.name },
    install: { id: install.id, jobId: install.jobId, operation: plan.operation, requester: install.job.requester, interface: install.job.interface, node: install.node.name, timeoutSeconds: install.timeoutSeconds },
    instance: { id: install.instanceId, name: install.instance.name },
    outcome: {
      state: install.state,
      completion: plan.completion,
      confirmed: install.confirmed,
      overwritten: install.overwritten,
      error: install.errorCode === null ? null : { code: install.errorCode, step: install.errorStep },
    },
    ...sources(plan, facts),
    definition: plan.osType === null || install.definitionVersion === null ? null : { osType: plan.osType, ...install.definitionVersion },
    scripts: plan.runs.map((run) => ({ script: run.script, place: run.place, trustedBy: run.place === "host" ? run.trustedBy : null, trustedAt: run.place === "host" ? run.trustedAt : null })),
    appliance: applianceOf(install),
    files: facts.files.map(({ name, sha256, bytes }) => ({ name, sha256, bytes })),
    parameters: readParameters(install.parameters).map(describeParameter),
    versions: { controller: CONTROLLER_VERSION, agent: install.node.agentVersion },
    times: {
      accepted: install.acceptedAt.toISOString(),
      started: install.startedAt?.toISOString() ?? null,
      ended: (install.endedAt ?? new Date()).toISOString(),
      firstBoot: install.firstBootAt?.toISOString() ?? null,
    },
    stages: readStages(install.stages),
  };
}

/** What was asked for beside a definition, and what the node found that to be. */
function sources({ image, package: archive, medium }: InstallPlan, facts: InstallFactsView): Pick<ReceiptPredicate, "image" | "package" | "medium"> {
  return {
    image:
      image === null
        ? null
        : {
            location: image.location,
            format: image.format,
            compression: image.compression,
            checksum: image.checksum,
            sha256: facts.image?.sha256 ?? null,
            bytes: facts.image?.bytes ?? null,
            writtenSha256: facts.image?.writtenSha256 ?? null,
            writtenBytes: facts.image?.virtualBytes ?? null,
          },
    package: archive === null ? null : { location: archive.url, checksum: archive.checksum, credentials: archive.needsCredentials, sha256: facts.package?.sha256 ?? null, bytes: facts.package?.bytes ?? null },
    medium: { parameters: medium, files: facts.media.map(({ name, sha256, bytes }) => ({ name, sha256, bytes })) },
  };
}

function applianceOf({ appliance }: Row): ReceiptPredicate["appliance"] {
  if (appliance === null) return null;
  const { digest, name, contractVersion, kernelDigest, initrdDigest, rootDigest } = appliance;
  return { digest, name, contract: contractVersion, kernel: kernelDigest, initrd: initrdDigest, root: rootDigest };
}

function describeParameter({ name, visibility, from, value = "", fingerprint }: StoredParameter): ReceiptParameter {
  switch (visibility) {
    case "public":
      if (value.length <= VALUE_LENGTH) return { name, visibility, from, value };
      return { name, visibility, from, valueSha256: createHash("sha256").update(value).digest("hex") };
    case "private":
      return { name, visibility, from, fingerprint: fingerprint ?? null };
    case "secret":
      return { name, visibility, from };
  }
}
