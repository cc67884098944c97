import type { Page } from "#lib/domain/paging.ts";
import { PAGE_LIMITS } from "#lib/domain/paging.ts";

/** Ganeti's lists have no pages. What would be longer than this is cut. */
export const LONGEST_LIST = 100_000;

/** Every item of a list that our operations give in pages. */
export async function allPages<T>(readPage: (page: { readonly cursor?: string; readonly limit: number }) => Promise<Page<T>>, most = LONGEST_LIST): Promise<readonly T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const limit = Math.min(PAGE_LIMITS.max, most - items.length);
    const page = await readPage({ ...(cursor === undefined ? {} : { cursor }), limit });
    items.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && items.length < most);
  return items;
}
