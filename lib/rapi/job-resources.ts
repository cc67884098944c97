import type { RequestContext } from "#lib/context/context.ts";
import { isSlipwayError } from "#lib/domain/errors.ts";
import type { JobDetail } from "#lib/domain/views.ts";
import { cancelJob } from "#lib/jobs/cancel-job.ts";
import { getJob } from "#lib/jobs/get-job.ts";
import type { RapiRequest, RapiResource } from "./context.ts";
import { listJobShapes } from "./list-jobs.ts";
import { JOB_FIELDS, jobShape, unknownJobShape } from "./shapes-job.ts";
import { waitForChange } from "./wait.ts";

/** Job numbers are 32 bits in the database; a larger one is nobody's. */
const LARGEST_JOB = 2_147_483_647;

/** A job that the caller may see; null: there is none. */
async function find(ctx: RequestContext, id: number): Promise<JobDetail | null> {
  if (id < 1 || id > LARGEST_JOB) return null;
  try {
    return await getJob(ctx, id);
  } catch (error) {
    if (isSlipwayError(error) && error.code === "unknown_object") return null;
    throw error;
  }
}

async function one({ ctx, items }: RapiRequest): Promise<unknown> {
  const id = Number(items[0]);
  const job = await find(ctx, id);
  return job === null ? unknownJobShape(id) : jobShape(job, JOB_FIELDS);
}

/** `[whether it was cancelled, a sentence]` */
async function cancel({ ctx, items }: RapiRequest): Promise<unknown> {
  const id = Number(items[0]);
  if ((await find(ctx, id)) === null) return [false, `Job ${id} not found`];
  const { cancelled, message } = await cancelJob(ctx, id);
  return [cancelled, message];
}

export const JOB_RESOURCES: readonly RapiResource[] = [
  { path: "/2/jobs", pattern: /^\/2\/jobs$/, methods: { GET: { operation: "job.list", run: ({ ctx, query }) => listJobShapes(ctx, query.flag("bulk")) } } },
  {
    path: "/2/jobs/ID",
    pattern: /^\/2\/jobs\/(\d{1,18})$/,
    methods: { GET: { operation: "job.read", run: one }, DELETE: { operation: "job.cancel", run: cancel } },
  },
  {
    path: "/2/jobs/ID/wait",
    pattern: /^\/2\/jobs\/(\d{1,18})\/wait$/,
    methods: {
      GET: { operation: "job.read", run: async (request) => waitForChange(request, await find(request.ctx, Number(request.items[0]))) },
    },
  },
];
