import { appendAudit } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Transaction } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { BroughtDefault, ImportPlan } from "#lib/domain/plan-ganeti-import.ts";
import { storeVersionIn, versionDigest } from "#lib/os-definitions/store-version.ts";
import { defaultFacts, writeDefaults } from "#lib/parameter-defaults/write-defaults.ts";
import type { FolderRoots, FoundFolder } from "./read-folders.ts";
import { readDefinition } from "./read-folders.ts";

/** Rows of the names alone, for what refers to them. @returns ids by name, of all definitions */
export async function writeDefinitionNames(tx: Transaction, names: readonly string[]): Promise<Map<string, string>> {
  await tx.osDefinition.createMany({ data: names.map((name) => ({ name, ownerId: null })) });
  const rows = await tx.osDefinition.findMany({ where: { ownerId: null }, select: { id: true, name: true } });
  return new Map(rows.map(({ id, name }) => [name, id]));
}

export interface DefinitionSource {
  readonly clusterName: string;
  readonly folders: readonly FoundFolder[];
  readonly links: FolderRoots;
}

/**
 * Takes the definitions in as the cluster's own, and trusts them (design: install, "definitions imported from an existing Ganeti
 * cluster arrive trusted, as its upgrade rule says"). Their updates are not trusted with them.
 *
 * The last of a transaction: it writes to the feed.
 *
 * @throws SlipwayError `conflict` for a folder that changed after it was planned
 */
export async function writeDefinitions(tx: Transaction, ctx: RequestContext, definitions: ImportPlan["bring"]["definitions"], { clusterName, folders, links }: DefinitionSource): Promise<void> {
  for (const { name, hidden, blacklisted } of definitions) {
    const folder = folders.find((candidate) => candidate.name === name);
    if (folder === undefined) throw new Error(`the plan brings OS definition ${name} without a folder`);
    const { parsed, image } = await readDefinition(ctx, folder.directory, links);
    const digest = versionDigest(parsed, image);
    if (digest !== folder.facts?.digest) throw new SlipwayError("conflict", `The folder of OS definition ${name} changed while it was read.`, { field: name });
    await storeVersionIn(tx, ctx, { name, parsed, image, operation: "os.register", owner: null, source: "folder" });
    const trustReason = `Imported from the Ganeti cluster ${clusterName}: its definitions are trusted when it is upgraded`;
    await tx.osDefinition.update({
      where: { name },
      data: { trustedDigest: digest, trustedBy: ctx.identity.name, trustedAt: new Date(), trustReason, trustUpdates: false, hidden, blacklisted },
      select: { id: true },
    });
    await appendAudit(tx, ctx, { action: "os.trust", object: { kind: "os", name }, outcome: "done", details: { trusted: true, digest, reason: trustReason, updates: false } });
  }
}

/** Defaults of definitions and variants, place by place. */
export async function writeBroughtDefaults(tx: Transaction, ctx: RequestContext, defaults: readonly BroughtDefault[], definitions: ReadonlyMap<string, string>): Promise<void> {
  const places = Map.groupBy(defaults, ({ definition, variant }) => JSON.stringify([definition, variant]));
  for (const [first, ...others] of places.values()) {
    if (first === undefined) continue;
    const { definition, variant } = first;
    const definitionId = definitions.get(definition);
    if (definitionId === undefined) throw new Error(`the plan brings defaults of OS definition ${definition} without it`);
    const changes = { set: new Map([first, ...others].map(({ parameter }) => [parameter.name, parameter])), removed: [] };
    await writeDefaults(tx, ctx, { definitionId, variant }, changes);
    await appendAudit(tx, ctx, { action: "os.modify", object: { kind: "os", name: definition }, outcome: "done", details: { variant, ...defaultFacts(changes) } });
  }
}
