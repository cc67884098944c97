import type { RequestContext } from "#lib/context/context.ts";
import type { AddressView } from "#lib/domain/network.ts";
import { PAGE_LIMITS } from "#lib/domain/paging.ts";
import { listAddresses } from "#lib/networks/list-addresses.ts";
import { addressRows } from "./address-rows.ts";
import type { AddressRow } from "./address-rows.ts";

/** Rows of a part of the list, and parts of the API's that are read for them at most: a wide range is one row of many addresses. */
const ROWS = 100;
const PARTS = 10;

/** A part of the list of a network's addresses. */
export async function loadAddresses(ctx: RequestContext, network: string, own: ReadonlySet<string>, query: { readonly holder: AddressView["holder"] | undefined; readonly cursor: string | undefined }): Promise<{ readonly rows: readonly AddressRow[]; readonly nextCursor: string | null }> {
  const first = await listAddresses(ctx, network, { ...query, limit: PAGE_LIMITS.max });
  let items = first.items;
  let rows = addressRows(items, own);
  let next = first.nextCursor;
  for (let part = 1; part < PARTS && next !== null && rows.length < ROWS; part += 1) {
    const page = await listAddresses(ctx, network, { holder: query.holder, cursor: next, limit: PAGE_LIMITS.max });
    items = [...items, ...page.items];
    rows = addressRows(items, own);
    next = page.nextCursor;
  }
  return { rows, nextCursor: next };
}
