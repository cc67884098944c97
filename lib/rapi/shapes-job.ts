import type { JobDetail } from "#lib/domain/views.ts";
import { jobTime } from "./timestamps.ts";

/** Fields of a job in the bulk list, in Ganeti's order. */
export const BULK_JOB_FIELDS = ["id", "ops", "status", "summary", "opstatus", "received_ts", "start_ts", "end_ts"] as const;
/** Fields of one job. */
export const JOB_FIELDS = [...BULK_JOB_FIELDS, "oplog", "opresult"] as const;
export type JobField = (typeof JOB_FIELDS)[number];

export function isJobField(name: unknown): name is JobField {
  return JOB_FIELDS.some((field) => field === name);
}

/** One entry of a job's log: serial, time, kind, text. */
export type JobLogEntry = readonly [number, readonly [number, number], "message", string];

/** Entries of a job's log with a serial above `after`, opcode by opcode. */
export function jobLog(job: JobDetail, opIndex: number): readonly JobLogEntry[] {
  return job.log.filter((entry) => entry.opIndex === opIndex).map((entry) => [entry.serial, jobTime(entry.at), "message", entry.message] as const);
}

/** One field of a job. */
export function jobField(job: JobDetail, field: JobField): unknown {
  switch (field) {
    case "id":
      return job.id;
    case "ops":
      return job.ops;
    case "status":
      return job.status;
    case "summary":
      return job.summary;
    case "opstatus":
      return job.opStatus;
    case "received_ts":
      return jobTime(job.receivedAt);
    case "start_ts":
      return job.startedAt === null ? null : jobTime(job.startedAt);
    case "end_ts":
      return job.endedAt === null ? null : jobTime(job.endedAt);
    case "oplog":
      return job.ops.map((_, index) => jobLog(job, index));
    case "opresult":
      return job.ops.map((_, index) => job.opResult[index] ?? null);
  }
}

/** A job with these fields. */
export function jobShape(job: JobDetail, fields: readonly JobField[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(fields.map((field) => [field, jobField(job, field)]));
}

/** What Ganeti answers for a job that it doesn't know (or no more): every field is there, and null. */
export function unknownJobShape(id: number): Readonly<Record<string, unknown>> {
  return Object.fromEntries(JOB_FIELDS.map((field) => [field, field === "id" ? id : null]));
}
