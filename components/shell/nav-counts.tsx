import type { RequestContext } from "#lib/context/context.ts";
import { listExports } from "#lib/exports/list-exports.ts";
import { countInstances } from "#lib/instances/count-instances.ts";
import { listJobs } from "#lib/jobs/list-jobs.ts";
import { listNetworks } from "#lib/networks/list-networks.ts";
import { listNodes } from "#lib/nodes/list-nodes.ts";
import { listOsDefinitions } from "#lib/os-definitions/list-os-definitions.ts";
import { PAGE_LIMITS } from "#lib/domain/paging.ts";
import type { Page } from "#lib/domain/paging.ts";
import { formatCount } from "#components/format.ts";
import type { NavigationItem, NavigationKey } from "./navigation.ts";

const COUNTERS: Readonly<Record<NavigationKey, (ctx: RequestContext) => Promise<string | null>>> = {
  overview: () => Promise.resolve(null),
  instances: async (ctx) => formatCount((await countInstances(ctx)).total),
  osDefinitions: async (ctx) => sizeOf(await listOsDefinitions(ctx, { limit: PAGE_LIMITS.max })),
  settings: () => Promise.resolve(null),
  nodes: async (ctx) => sizeOf(await listNodes(ctx, { limit: PAGE_LIMITS.max })),
  networks: async (ctx) => sizeOf(await listNetworks(ctx, { limit: PAGE_LIMITS.max })),
  exports: async (ctx) => sizeOf(await listExports(ctx, { limit: PAGE_LIMITS.max })),
  jobs: async (ctx) => {
    const running = await listJobs(ctx, { status: "running", limit: PAGE_LIMITS.max });
    return running.items.length === 0 ? null : `${sizeOf(running)} running`;
  },
};

/** What stands at the right of an item of the navigation. Comes after the page, which doesn't wait for it. */
export async function NavCount({ ctx, item }: { readonly ctx: RequestContext; readonly item: NavigationItem["key"] }) {
  return COUNTERS[item](ctx);
}

/** The size of a list that fits into one part; `200+` for a longer one. */
function sizeOf(page: Page<unknown>): string {
  return page.nextCursor === null ? formatCount(page.items.length) : `${formatCount(page.items.length)}+`;
}
