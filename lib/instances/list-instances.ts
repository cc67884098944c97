import { z } from "zod";
import { requireReach } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import type { Prisma } from "#lib/db/client.ts";
import { makePage, pageStart } from "#lib/db/paging.ts";
import { ACTIVE_STATES } from "#lib/domain/install-states.ts";
import type { InstanceStatus, InstanceSummary } from "#lib/domain/instance.ts";
import { parseOsType } from "#lib/domain/os-definition.ts";
import type { Page, PageRequest } from "#lib/domain/paging.ts";
import { instanceSummary, SUMMARY } from "./instance-row.ts";
import type { SummaryRow } from "./instance-row.ts";

export type InstanceSort = "name" | "-name" | "createdAt" | "-createdAt";

export interface ListInstancesRequest extends PageRequest {
  /** A part of the name. */
  readonly search?: string | undefined;
  readonly status?: InstanceStatus | undefined;
  /** A node's name. */
  readonly node?: string | undefined;
  /** `name` for all variants, or `name+variant`. */
  readonly osType?: string | undefined;
  readonly sort?: InstanceSort | undefined;
}

const cursorSchema = z.union([z.strictObject({ name: z.string() }), z.strictObject({ at: z.iso.datetime(), id: z.uuid() })]);

/** Instances: all of them for administrators, their own for owners. Sorted by name unless asked otherwise. */
export async function listInstances(ctx: RequestContext, request: ListInstancesRequest): Promise<Page<InstanceSummary>> {
  const owner = await requireReach(ctx, "instance.list", "instance");
  const { limit, after } = pageStart(request, cursorSchema);
  const sort = request.sort ?? "name";
  const rows = await ctx.services.db.instance.findMany({
    where: { AND: [owner, filters(request), after === null ? {} : behind(sort, after)] },
    orderBy: order(sort),
    take: limit + 1,
    include: SUMMARY,
  });
  const page = makePage(rows, limit, (row) => position(sort, row));
  return { ...page, items: page.items.map(instanceSummary) };
}

function order(sort: InstanceSort): Prisma.InstanceOrderByWithRelationInput[] {
  const direction = sort.startsWith("-") ? "desc" : "asc";
  return sort === "name" || sort === "-name" ? [{ name: direction }] : [{ createdAt: direction }, { id: direction }];
}

function position(sort: InstanceSort, row: SummaryRow): z.output<typeof cursorSchema> {
  return sort === "name" || sort === "-name" ? { name: row.name } : { at: row.createdAt.toISOString(), id: row.id };
}

/** Rows behind the cursor. One of the other order shows the list from its start again. */
function behind(sort: InstanceSort, after: z.output<typeof cursorSchema>): Prisma.InstanceWhereInput {
  const side = sort.startsWith("-") ? "lt" : "gt";
  if ("name" in after) return sort === "name" || sort === "-name" ? { name: { [side]: after.name } } : {};
  if (sort === "name" || sort === "-name") return {};
  const at = new Date(after.at);
  // The first condition follows from the second, and is one that an index can begin at.
  return { AND: [{ createdAt: { [`${side}e`]: at } }, { OR: [{ createdAt: { [side]: at } }, { createdAt: at, id: { [side]: after.id } }] }] };
}

function filters({ search, status, node, osType }: ListInstancesRequest): Prisma.InstanceWhereInput {
  const os = osType === undefined ? null : parseOsType(osType);
  return {
    AND: [
      search === undefined || search === "" ? {} : { name: { contains: literally(search.toLowerCase()) } },
      status === undefined ? {} : hasStatus(status),
      node === undefined ? {} : { node: { name: node } },
      os === null ? {} : { definition: { name: os.name }, ...(os.variant === null ? {} : { variant: os.variant }) },
    ],
  };
}

/** A text in which LIKE finds no wildcard. */
function literally(text: string): string {
  return text.replace(/[\\%_]/g, "\\$&");
}

const ANSWERS: Prisma.InstanceWhereInput = { node: { state: "online", offline: false } };
// Not NULL either, in SQL.
const INSTALLED: Prisma.InstanceWhereInput = { installState: { notIn: [...ACTIVE_STATES] } };
const OFF: Prisma.InstanceWhereInput = { OR: [{ operState: null }, { operState: "stopped" }] };

/** The rule of lib/domain/instance-status.ts as a condition; a test holds the two together. */
function hasStatus(status: InstanceStatus): Prisma.InstanceWhereInput {
  switch (status) {
    case "installing":
      return { installState: { in: [...ACTIVE_STATES] } };
    case "node_unreachable":
      return { AND: [INSTALLED, { NOT: ANSWERS }] };
    case "not_installed":
      return { installState: null };
    case "install_failed":
      return { ...ANSWERS, installState: { in: ["failed", "cancelled", "timed_out"] } };
    case "running":
      return { ...ANSWERS, installState: "done", adminState: "running", operState: "running" };
    case "error_down":
      return { ...ANSWERS, installState: "done", adminState: "running", ...OFF };
    case "stopped":
      return { ...ANSWERS, installState: "done", adminState: "stopped", ...OFF };
    case "error_up":
      return { ...ANSWERS, installState: "done", adminState: "stopped", operState: "running" };
  }
}
