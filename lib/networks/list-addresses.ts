import { z } from "zod";
import type { RequestContext } from "#lib/context/context.ts";
import { Prisma } from "#lib/db/client.ts";
import { makePage, pageStart } from "#lib/db/paging.ts";
import { addressAt } from "#lib/domain/ip-subnets.ts";
import type { AddressView } from "#lib/domain/network.ts";
import type { Page, PageRequest } from "#lib/domain/paging.ts";
import { HOLDER_JOINS, HOLDER_NAME } from "./holder-name.ts";
import { readNetwork } from "./read-network.ts";
import type { AddressHolder } from "./schemas.ts";

export interface ListAddressesRequest extends PageRequest {
  readonly holder?: AddressHolder | undefined;
}

const cursorSchema = z.strictObject({ offset: z.number().int().min(0).max(2_147_483_647) });

interface Row {
  readonly offset: number;
  readonly holder: AddressHolder;
  readonly name: string | null;
  readonly note: string | null;
}

/** A network's addresses that are taken, in their order, with who has them: one statement a page. For administrators. */
export async function listAddresses(ctx: RequestContext, name: string, request: ListAddressesRequest): Promise<Page<AddressView>> {
  const network = await readNetwork(ctx, "network.read", name);
  const { limit, after } = pageStart(request, cursorSchema);
  const rows = await ctx.services.db.$queryRaw<Row[]>(Prisma.sql`
    WITH taken AS (
      SELECT * FROM network_address
      WHERE network_id = ${network.id}::uuid ${after === null ? Prisma.empty : Prisma.sql`AND "offset" > ${after.offset}`} ${heldBy(request.holder)}
      ORDER BY "offset" LIMIT ${limit + 1})
    SELECT a."offset", a.note, ${HOLDER_NAME} AS name,
      CASE WHEN a.nic_id IS NOT NULL THEN 'nic' WHEN a.instance_id IS NOT NULL THEN 'channel' WHEN a.install_id IS NOT NULL THEN 'install' ELSE 'reserved' END AS holder
    FROM taken a ${HOLDER_JOINS}
    ORDER BY a."offset"`);
  const page = makePage(rows, limit, (row) => ({ offset: row.offset }));
  return { ...page, items: page.items.map(({ offset, holder, name: instanceName, note }) => ({ address: addressAt(network.subnet, offset), holder, instanceName, note })) };
}

function heldBy(holder: AddressHolder | undefined): Prisma.Sql {
  switch (holder) {
    case undefined:
      return Prisma.empty;
    case "nic":
      return Prisma.sql`AND nic_id IS NOT NULL`;
    case "channel":
      return Prisma.sql`AND instance_id IS NOT NULL`;
    case "install":
      return Prisma.sql`AND install_id IS NOT NULL`;
    case "reserved":
      return Prisma.sql`AND num_nonnulls(nic_id, instance_id, install_id) = 0`;
  }
}
