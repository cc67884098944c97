import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { JobDetail } from "#lib/domain/views.ts";
import { waitForJob } from "#lib/jobs/wait-for-job.ts";
import { requireObject } from "./body.ts";
import type { RapiRequest } from "./context.ts";
import { RapiError } from "./errors.ts";
import type { JobField, JobLogEntry } from "./shapes-job.ts";
import { isJobField, jobField, jobLog } from "./shapes-job.ts";

/** Milliseconds that Ganeti gives a job to change before it answers anyway. */
export const WAIT_MS = 10_000;

interface WaitFor {
  readonly fields: readonly JobField[];
  readonly previousInfo: readonly unknown[] | null;
  readonly previousSerial: number | null;
}

/**
 * The request of `GET /2/jobs/ID/wait`: its body says what the client has seen. Answers when the job differs from that, when
 * it is finished, and after ten seconds as it is then. Woken by the job's changes, never by a clock of its own.
 */
export async function waitForChange(request: RapiRequest, found: JobDetail | null): Promise<unknown> {
  const wanted = parseWait(request.body);
  // The recorded answer for a job that isn't there.
  if (found === null) throw new RapiError(500, "Can't load job file");
  const deadline = performance.now() + WAIT_MS;
  let job = found;
  while (!hasNews(job, wanted) && !request.signal.aborted) {
    const timeoutMs = Math.ceil(Math.max(0, deadline - performance.now()));
    const changed = timeoutMs === 0 ? null : await waitForJob(request.ctx, job.id, { since: { status: job.status, lastLogSerial: job.log.at(-1)?.serial ?? 0 }, timeoutMs, signal: request.signal });
    if (changed === null) break;
    job = changed;
  }
  return { job_info: info(job, wanted), log_entries: newEntries(job, wanted) };
}

function parseWait(body: unknown): WaitFor {
  // Ganeti asks for a body in the words that it has for the first field that it misses.
  const sent = requireObject(body);
  if (!("fields" in sent)) throw new RapiError(400, "Required parameter 'fields' is missing");
  const { fields, previous_job_info: previousInfo = null, previous_log_serial: previousSerial = null } = sent;
  if (!Array.isArray(fields)) throw new RapiError(400, "The 'fields' parameter should be a list");
  if (previousInfo !== null && !Array.isArray(previousInfo)) throw new RapiError(400, "The 'previous_job_info' parameter should be a list");
  const serial = z.number().int().nullable().safeParse(previousSerial);
  if (!serial.success) throw new RapiError(400, "The 'previous_log_serial' parameter should be a number");
  const known = fields.filter(isJobField);
  if (known.length !== fields.length || fields.length > 50) throw new RapiError(400, "The 'fields' parameter has a field that jobs don't have");
  return { fields: known, previousInfo, previousSerial: serial.data };
}

function hasNews(job: JobDetail, wanted: WaitFor): boolean {
  // Ganeti's clients count on an answer at once where they bring nothing to compare with.
  if (wanted.previousInfo === null || job.endedAt !== null) return true;
  return newEntries(job, wanted).length > 0 || !isDeepStrictEqual(info(job, wanted), wanted.previousInfo);
}

/** The fields as JSON has them, so that they compare with what a client sends back. */
function info(job: JobDetail, wanted: WaitFor): unknown {
  return JSON.parse(JSON.stringify(wanted.fields.map((field) => jobField(job, field) ?? null)));
}

function newEntries(job: JobDetail, { previousSerial }: WaitFor): readonly JobLogEntry[] {
  return job.ops.flatMap((_, index) => jobLog(job, index)).filter(([serial]) => previousSerial === null || serial > previousSerial);
}
