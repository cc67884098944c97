import { requireReach } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { instanceSummary, SUMMARY } from "#lib/instances/instance-row.ts";
import { nicView } from "#lib/instances/nic-view.ts";
import { LONGEST_LIST } from "./all-pages.ts";
import { instanceShape } from "./shapes-instance.ts";

/** Rows of one read. */
const READ_ROWS = 500;

/** The instances that the caller may see, by name: `{id, uri}` of each, or with `bulk` all that there is to say. */
export async function listInstanceShapes(ctx: RequestContext, bulk: boolean): Promise<unknown> {
  return bulk ? listInFull(ctx) : listNames(ctx);
}

async function listNames(ctx: RequestContext): Promise<unknown> {
  const where = await requireReach(ctx, "instance.list", "instance");
  const rows = await ctx.services.db.instance.findMany({ where, select: { name: true }, orderBy: { name: "asc" }, take: LONGEST_LIST });
  return rows.map(({ name }) => ({ id: name, uri: `/2/instances/${name}` }));
}

async function listInFull(ctx: RequestContext): Promise<unknown> {
  const where = await requireReach(ctx, "instance.list", "instance");
  const shapes: unknown[] = [];
  let after = "";
  for (;;) {
    const rows = await ctx.services.db.instance.findMany({
      where: { AND: [where, { name: { gt: after } }] },
      include: { ...SUMMARY, nics: { orderBy: { index: "asc" }, include: { network: { select: { name: true } } } } },
      orderBy: { name: "asc" },
      take: READ_ROWS,
    });
    shapes.push(...rows.map((row) => instanceShape({ ...instanceSummary(row), serialNo: row.serialNo, disks: row.disks, nics: row.nics.map(nicView) })));
    const last = rows.at(-1);
    if (last === undefined || rows.length < READ_ROWS || shapes.length >= LONGEST_LIST) return shapes;
    after = last.name;
  }
}
