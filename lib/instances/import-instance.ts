import { randomUUID } from "node:crypto";
import { requireAccess } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { ExportManifest } from "#lib/domain/export-manifest.ts";
import { exportManifestSchema } from "#lib/domain/export-manifest.ts";
import { createOpcodes } from "#lib/domain/ganeti-opcodes.ts";
import type { SentNames } from "#lib/domain/ganeti-opcodes.ts";
import { importParameters } from "#lib/domain/import-parameters.ts";
import { NO_SOURCE } from "#lib/domain/install-source.ts";
import type { WantedNic } from "#lib/domain/nic-rules.ts";
import { readExport } from "#lib/exports/get-export.ts";
import { toJson } from "#lib/jobs/to-json.ts";
import type { AcceptedInstall } from "./accept-new-instance.ts";
import { acceptNewInstance, findOwner } from "./accept-new-instance.ts";
import type { ImportInput } from "./change-schemas.ts";
import { chooseNode, findNode } from "./choose-node.ts";
import { NEW_INSTANCE } from "./create-instance.ts";
import { findDefinition } from "./find-definition.ts";
import { requireNics, requireNodeNics } from "./place-nics.ts";
import { prepareInstall } from "./prepare-install.ts";
import { nameTaken } from "./reserve-name.ts";
import { refusedNames, sentNames } from "./sent-names.ts";
import { orRefusedJob } from "./or-refused-job.ts";

/**
 * Makes an instance of an export, on any node, by the `import` script of the definition that made it (design: install, "Other
 * operations"). It has the export's hardware, NICs with new addresses, and its public parameters; private and secret ones aren't in an
 * export and have to be sent.
 *
 * @throws SlipwayError with the field: `exists`, `unknown_object`, `missing_secret`, `unsupported`, `no_room` …
 */
export async function importInstance(ctx: RequestContext, input: ImportInput): Promise<AcceptedInstall> {
  await requireAccess(ctx, "instance.import", { kind: "instance", name: input.name, ownerId: null });
  const { manifest: json, node } = await readExport(ctx, "export.read", input.exportId);
  const manifest = exportManifestSchema.parse(json);
  const refused = { operation: "instance.import", instanceName: input.name, ops: opcodes(ctx, { input, manifest, node: input.node ?? null, from: node.name, sent: refusedNames(input.parameters) }) } as const;
  return orRefusedJob(ctx, refused, () => submit(ctx, input, manifest, node.name));
}

async function submit(ctx: RequestContext, input: ImportInput, manifest: ExportManifest, keptOn: string): Promise<AcceptedInstall> {
  const { db } = ctx.services;
  const { instance, os } = manifest;
  if (manifest.files.length === 0) throw new SlipwayError("conflict", "The export has no files.", { field: "exportId" });
  const [taken, definition, ownerId, nics] = await Promise.all([
    db.instance.count({ where: { name: input.name } }),
    findDefinition(ctx, os.osType),
    findOwner(ctx, input.owner),
    requireNics(db, instance.nics.map(wantedNic)),
  ]);
  if (taken > 0) throw nameTaken(input.name);
  const { parameters, missing } = importParameters(manifest.parameters, input.parameters, definition.planned.manifest.parameters);
  if (missing.length > 0) {
    throw new SlipwayError("missing_secret", `Private and secret OS parameters aren't in an export and must be sent: ${missing.join(", ")}.`, { field: "osparams", names: missing });
  }
  const { memoryMib, disks } = instance;
  const diskMib = disks.reduce((sum, disk) => sum + disk.sizeMib, 0);
  const node = input.node === undefined ? await chooseNode(db, { diskMib, memoryMib }, nics) : await findNode(db, input.node);
  const start = input.start ?? true;
  const facts = { ...NEW_INSTANCE, operation: "import", definition, source: NO_SOURCE, node, disks, memoryMib, memoryNeedMib: memoryMib, start, safeInstall: null } as const;
  const prepared = await prepareInstall(ctx, facts, { kept: [], sent: parameters, credentials: null });
  requireNodeNics(nics, node);
  return acceptNewInstance(ctx, {
    operation: "instance.import",
    request: (installId) => ({ kind: "instance.import", installId, exportId: input.exportId, start, before: { adminState: "stopped", installState: null, installId: null } }),
    ops: opcodes(ctx, { input, manifest, node: node.name, from: keptOn, sent: sentNames(parameters) }),
    id: randomUUID(),
    name: input.name,
    ownerId,
    node,
    definition,
    communication: instance.communication,
    columns: { installSource: toJson(manifest.source), vcpus: instance.vcpus, memoryMib, tags: instance.tags, datasource: instance.datasource, sshKeys: instance.sshKeys, userData: null },
    disks,
    nics: nics.map((plan) => ({ mac: undefined, plan })),
    prepared,
    credentials: null,
  });
}

/** As it was connected; its MAC and address are new. */
function wantedNic({ mode, link, name, network, forwards }: ExportManifest["instance"]["nics"][number]): WantedNic {
  const rest = { ...(link === null ? {} : { link }), ...(name === null ? {} : { name }), ...(network === null ? {} : { network }) };
  switch (mode) {
    case "bridged":
    case "routed":
      return { ...rest, mode };
    default:
      return { ...rest, mode: "user", forwards };
  }
}

interface Opcodes {
  readonly input: ImportInput;
  readonly manifest: ExportManifest;
  readonly node: string | null;
  readonly from: string;
  readonly sent: SentNames;
}

/** Ganeti's creation in mode `import`. */
function opcodes(ctx: RequestContext, { input, manifest: { instance, os }, node, from, sent }: Opcodes) {
  const { vcpus, memoryMib, disks, tags, communication } = instance;
  const nics = instance.nics.map(({ mode, link, name }) => ({ mode, link: link ?? undefined, name: name ?? undefined }));
  return createOpcodes(
    { name: input.name, osType: os.osType, node, vcpus, memoryMib, disks: disks.map(({ sizeMib, name }) => ({ sizeMib, name: name ?? undefined })), nics, tags, start: input.start ?? true, communication, sent },
    { interface: ctx.interface, at: new Date() },
  ).map((opcode) => ({ ...opcode, mode: "import", src_node: from, src_path: input.exportId }));
}
