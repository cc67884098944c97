import type { RequestContext } from "#lib/context/context.ts";
import { getCluster } from "#lib/cluster/get-cluster.ts";
import { getNode } from "#lib/nodes/get-node.ts";
import { listNodes } from "#lib/nodes/list-nodes.ts";
import { allPages } from "./all-pages.ts";
import type { RapiRequest, RapiResource } from "./context.ts";
import { required } from "./errors.ts";
import type { NodeExtras } from "./shapes-node.ts";
import { nodeShape, singleNodeShape } from "./shapes-node.ts";

/** What Ganeti says of a node beyond our own view of it, by id. The caller was allowed to see the nodes. */
async function loadExtras(ctx: RequestContext, ids: readonly string[]): Promise<ReadonlyMap<string, NodeExtras>> {
  const rows = await ctx.services.db.node.findMany({
    where: { id: { in: [...ids] } },
    select: { id: true, createdAt: true, updatedAt: true, serialNo: true, instances: { select: { name: true }, orderBy: { name: "asc" } } },
  });
  return new Map(
    rows.map(({ id, createdAt, updatedAt, serialNo, instances }) => [
      id,
      { createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString(), serialNo, instanceNames: instances.map(({ name }) => name) },
    ]),
  );
}

async function list({ ctx, query }: RapiRequest): Promise<unknown> {
  const bulk = query.flag("bulk");
  const nodes = await allPages((page) => listNodes(ctx, page));
  if (!bulk) return nodes.map(({ name }) => ({ id: name, uri: `/2/nodes/${name}` }));
  const extras = await loadExtras(ctx, nodes.map(({ id }) => id));
  const cluster = await getCluster(ctx);
  // A node that was removed between the two queries is left out.
  return nodes.flatMap((node) => {
    const found = extras.get(node.id);
    return found === undefined ? [] : [nodeShape(node, found, cluster)];
  });
}

async function one({ ctx, items }: RapiRequest): Promise<unknown> {
  const node = await getNode(ctx, required(items[0]));
  const extras = (await loadExtras(ctx, [node.id])).get(node.id);
  return singleNodeShape(node, required(extras), await getCluster(ctx));
}

export const NODE_RESOURCES: readonly RapiResource[] = [
  { path: "/2/nodes", pattern: /^\/2\/nodes$/, methods: { GET: { operation: "node.list", run: list } } },
  { path: "/2/nodes/NAME", pattern: /^\/2\/nodes\/([\w.-]+)$/, methods: { GET: { operation: "node.read", run: one } } },
];
