import { z } from "zod";
import { JOB_STATUSES } from "#lib/domain/views.ts";
import { cancelJob } from "#lib/jobs/cancel-job.ts";
import { getJob } from "#lib/jobs/get-job.ts";
import { listJobs } from "#lib/jobs/list-jobs.ts";
import { defineRoute } from "../define-route.ts";
import { jobParams, noBody, noParams, noQuery, pageFields } from "../schemas.ts";

export const listJobsRoute = defineRoute({
  method: "GET",
  path: "/api/v1/jobs",
  operation: "job.list",
  params: noParams,
  query: z.strictObject({ ...pageFields, status: z.enum(JOB_STATUSES).optional(), instanceName: z.string().max(253).optional() }),
  body: noBody,
  status: 200,
  run: (ctx, { query }) => listJobs(ctx, query),
});

export const getJobRoute = defineRoute({
  method: "GET",
  path: "/api/v1/jobs/{id}",
  operation: "job.read",
  params: jobParams,
  query: noQuery,
  body: noBody,
  status: 200,
  run: (ctx, { params }) => getJob(ctx, params.id),
});

export const cancelJobRoute = defineRoute({
  method: "POST",
  path: "/api/v1/jobs/{id}/cancel",
  operation: "job.cancel",
  params: jobParams,
  query: noQuery,
  body: noBody,
  status: 202,
  run: (ctx, { params }) => cancelJob(ctx, params.id),
});
