import type { RequestContext } from "#lib/context/context.ts";
import type { ErrorCode } from "#lib/domain/errors.ts";
import { isSlipwayError } from "#lib/domain/errors.ts";
import type { RefusedJob } from "#lib/jobs/record-refused-job.ts";
import { recordRefusedJob } from "#lib/jobs/record-refused-job.ts";

/** Refusals that are about who asks or about the program itself are answers of their own, on every interface. */
const NEVER_A_JOB: ReadonlySet<ErrorCode> = new Set(["not_allowed", "not_signed_in", "too_many_requests", "internal"]);

/**
 * Runs a submission. Where RAPI asked for it, a refusal is a job that has failed (design: rapi, "A submission answers with a
 * job id even if the instance doesn't exist; the job fails"); everywhere else it is thrown.
 */
export async function orRefusedJob<T>(ctx: RequestContext, refused: Omit<RefusedJob, "error">, submit: () => Promise<T>): Promise<T | { readonly jobId: number; readonly installId: null; readonly warnings: readonly [] }> {
  try {
    return await submit();
  } catch (error) {
    if (ctx.interface !== "rapi" || !isSlipwayError(error) || NEVER_A_JOB.has(error.code)) throw error;
    return { jobId: await recordRefusedJob(ctx, { ...refused, error }), installId: null, warnings: [] };
  }
}
