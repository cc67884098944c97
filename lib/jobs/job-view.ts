import { z } from "zod";
import type { Job, JobLog } from "#lib/db/client.ts";
import { ERROR_CODES } from "#lib/domain/errors.ts";
import type { ErrorCode } from "#lib/domain/errors.ts";
import type { JobDetail, JobSummary } from "#lib/domain/views.ts";

/** What a list needs of a job's install. */
export const INSTALL_OF_JOB = { select: { id: true, percent: true }, take: 1, orderBy: { acceptedAt: "desc" } } as const;

export type JobRow = Job & { readonly installs: readonly { readonly id: string; readonly percent: number | null }[] };

export function errorCode(code: string): ErrorCode {
  return ERROR_CODES.find((known) => known === code) ?? "internal";
}

export function jobSummary(row: JobRow): JobSummary {
  const install = row.installs[0];
  return {
    id: row.id,
    status: row.status,
    summary: row.summary,
    instanceName: row.instanceName,
    requester: row.requester,
    interface: row.interface,
    installId: install?.id ?? null,
    percent: install?.percent ?? null,
    receivedAt: row.receivedAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    endedAt: row.endedAt?.toISOString() ?? null,
    error: row.errorCode === null ? null : { code: errorCode(row.errorCode), message: row.errorMessage ?? "" },
  };
}

const opsSchema = z.array(z.record(z.string(), z.unknown()));

export function jobDetail(row: JobRow & { readonly logs: readonly JobLog[] }): JobDetail {
  return {
    ...jobSummary(row),
    ops: opsSchema.parse(row.ops),
    opStatus: row.opStatus,
    opResult: z.array(z.unknown()).parse(row.opResult),
    log: row.logs.map(({ serial, opIndex, at, message }) => ({ serial, opIndex, at: at.toISOString(), message })),
    secretNames: row.secretNames,
    cancelRequested: row.cancelRequestedAt !== null,
  };
}
