import type { Queryable } from "#lib/db/client.ts";
import { osManifestSchema } from "#lib/domain/os-definition.ts";
import type { ExistingDefinition, ExistingObjects } from "#lib/domain/plan-ganeti-import.ts";
import { defaultKey } from "#lib/domain/plan-ganeti-import.ts";

/** What is here of that which an import could bring. */
export async function readExisting(db: Queryable): Promise<ExistingObjects> {
  // One after the other: inside a transaction there is one connection.
  const definitions = await db.osDefinition.findMany({
    select: {
      name: true,
      owner: { select: { name: true } },
      currentVersion: { select: { digest: true, apiVersions: true, variants: true, manifest: true } },
      defaults: { select: { variant: true, name: true } },
    },
  });
  const nodes = await db.node.findMany({ select: { id: true, name: true } });
  const instances = await db.instance.findMany({ select: { id: true, name: true } });
  const nics = await db.instanceNic.findMany({ select: { mac: true } });
  return {
    definitions: new Map(
      definitions.map(({ name, owner, currentVersion: version }): [string, ExistingDefinition] => [
        name,
        version === null
          ? { owner: owner?.name ?? null, digest: "", apiVersions: [], variants: [], parameters: [] }
          : { owner: owner?.name ?? null, digest: version.digest, apiVersions: version.apiVersions, variants: version.variants, parameters: osManifestSchema.parse(version.manifest).parameters },
      ]),
    ),
    nodes: new Set(nodes.map(({ name }) => name)),
    instances: new Set(instances.map(({ name }) => name)),
    ids: new Set([...nodes, ...instances].map(({ id }) => id)),
    macs: new Set(nics.map(({ mac }) => mac)),
    defaults: new Set(definitions.flatMap(({ name, defaults }) => defaults.map((row) => defaultKey(name, row.variant, row.name)))),
  };
}
