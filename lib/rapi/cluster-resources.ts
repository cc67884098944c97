import { getCluster } from "#lib/cluster/get-cluster.ts";
import { formatOsType } from "#lib/domain/os-definition.ts";
import { listOsDefinitions } from "#lib/os-definitions/list-os-definitions.ts";
import { allPages } from "./all-pages.ts";
import type { RapiRequest, RapiResource } from "./context.ts";
import { clusterShape } from "./shapes-cluster.ts";

/** What clients may rely on beyond the first version of the remote API. In the order in which Ganeti sends it. */
const FEATURES = ["instance-create-reqv1", "node-evac-res1", "node-migrate-reqv1", "instance-reinstall-reqv1"] as const;

const nothing = { operation: null, run: () => Promise.resolve(null) };

async function info({ ctx }: RapiRequest): Promise<unknown> {
  const definitions = await allPages((page) => listOsDefinitions(ctx, page));
  const named = (chosen: (definition: (typeof definitions)[number]) => boolean) => definitions.filter(chosen).map(({ name }) => name);
  return clusterShape(await getCluster(ctx), { hidden: named(({ hidden }) => hidden), blacklisted: named(({ blacklisted }) => blacklisted) });
}

/** Every variant that can be installed, sorted, as Ganeti lists those that are valid on its nodes; hidden ones aren't listed. */
async function osTypes({ ctx }: RapiRequest): Promise<unknown> {
  const definitions = await allPages((page) => listOsDefinitions(ctx, page));
  return definitions
    .filter(({ hidden, installRefusal }) => !hidden && installRefusal === null)
    .flatMap(({ name, variants }) => (variants.length === 0 ? [formatOsType(name, null)] : variants.map((variant) => formatOsType(name, variant))))
    .sort();
}

export const CLUSTER_RESOURCES: readonly RapiResource[] = [
  { path: "/", pattern: /^\/$/, methods: { GET: nothing } },
  { path: "/2", pattern: /^\/2$/, methods: { GET: nothing } },
  { path: "/version", pattern: /^\/version$/, methods: { GET: { operation: null, run: () => Promise.resolve(2) } } },
  { path: "/2/info", pattern: /^\/2\/info$/, methods: { GET: { operation: "cluster.read", run: info } } },
  { path: "/2/features", pattern: /^\/2\/features$/, methods: { GET: { operation: null, run: () => Promise.resolve(FEATURES) } } },
  { path: "/2/os", pattern: /^\/2\/os$/, methods: { GET: { operation: "os.list", run: osTypes } } },
];
