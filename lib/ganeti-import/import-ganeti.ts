import { requireAccess } from "#lib/access/require.ts";
import { appendAudit } from "#lib/audit/append-audit.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Transaction } from "#lib/db/client.ts";
import { isUniqueViolation } from "#lib/db/errors.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { GanetiConfig } from "#lib/domain/ganeti-config.ts";
import type { ImportPlan } from "#lib/domain/plan-ganeti-import.ts";
import { planImport } from "#lib/domain/plan-ganeti-import.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { ganetiDirectories, readFolders } from "./read-folders.ts";
import { readExisting } from "./read-existing.ts";
import { writeBroughtDefaults, writeDefinitionNames, writeDefinitions } from "./write-definitions.ts";
import { writeInstances } from "./write-instances.ts";

export interface ImportGanetiInput {
  readonly config: GanetiConfig;
  /** Folders of OS definitions, in order; empty: Ganeti's own that are there. */
  readonly osDirectories: readonly string[];
  /** Where links in definitions may lead, beside the definition's own folder. */
  readonly roots: readonly string[];
  /** False: nothing is written. */
  readonly apply: boolean;
}

/** Milliseconds. 100 000 instances take a minute or two. */
const TRANSACTION = { maxWait: 10_000, timeout: 1_800_000 } as const;
/** Among the advisory locks of the database: one import at a time. */
const IMPORT_LOCK = 736_020;

/**
 * Brings a Ganeti cluster's nodes, OS definitions, instances, parameters and defaults (issue: "Import from a Ganeti cluster").
 * One transaction: after an error nothing has come, and the same command can be given again. What is here is read again inside
 * it, and what is done is the plan that follows from that and nothing else.
 *
 * @throws SlipwayError `invalid` for a folder that can't be read, `conflict` where something came in at the same moment
 */
export async function importGaneti(ctx: RequestContext, { config, osDirectories, roots, apply }: ImportGanetiInput): Promise<ImportPlan> {
  await requireAccess(ctx, "cluster.modify", { kind: "cluster", name: config.name, ownerId: null });
  const { db } = ctx.services;
  const links = { roots };
  const folders = await readFolders(ctx, osDirectories.length === 0 ? await ganetiDirectories() : osDirectories, links);
  if (!apply) return planImport(config, folders, await readExisting(db));
  try {
    return await db.$transaction(async (tx) => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(${IMPORT_LOCK})`;
      const plan = planImport(config, folders, await readExisting(tx));
      await applyPlan(tx, ctx, plan, { clusterName: config.name, folders, links });
      return plan;
    }, TRANSACTION);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new SlipwayError("conflict", "A node, instance, MAC address or OS definition came in at the same moment; nothing was imported. Give the command again.", { field: "config" });
  }
}

async function applyPlan(tx: Transaction, ctx: RequestContext, plan: ImportPlan, source: Parameters<typeof writeDefinitions>[3]): Promise<void> {
  const { definitions, nodes, instances, defaults } = plan.bring;
  if (definitions.length + nodes.length + instances.length + defaults.length === 0) return;
  const definitionIds = await writeDefinitionNames(tx, definitions.map(({ name }) => name));
  await tx.node.createMany({ data: [...nodes] });
  const nodeIds = new Map((await tx.node.findMany({ select: { id: true, name: true } })).map(({ id, name }) => [name, id]));
  await writeInstances(tx, ctx.services.keyring, instances, { nodes: nodeIds, definitions: definitionIds });
  await writeBroughtDefaults(tx, ctx, defaults, definitionIds);
  await appendAudit(tx, ctx, {
    action: "import.ganeti",
    object: { kind: "cluster", name: source.clusterName },
    outcome: "done",
    details: { definitions: definitions.length, nodes: nodes.length, instances: instances.length, defaults: defaults.length, thereAlready: plan.skip.length, notBrought: plan.cannot.length },
  });
  await writeDefinitions(tx, ctx, definitions, source);
  // A list reloads at any of them, and nobody can have a page open of what wasn't there.
  const [firstNode] = nodes;
  const [firstInstance] = instances;
  await appendEvents(tx, [
    ...(firstNode === undefined ? [] : [{ payload: { type: "node.changed", name: firstNode.name }, ownerId: null } as const]),
    ...(firstInstance === undefined ? [] : [{ payload: { type: "instance.changed", name: firstInstance.name }, ownerId: null } as const]),
  ]);
}
