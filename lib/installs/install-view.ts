import type { Prisma } from "#lib/db/client.ts";
import type { InstallSummary, InstallView } from "#lib/domain/views.ts";
import { errorCode } from "#lib/jobs/job-view.ts";
import { readFacts, readParameters, readPlan, readStages, readSteps } from "./stored.ts";

export const INSTALL_VIEW = {
  instance: { select: { name: true, ownerId: true } },
  node: { select: { name: true } },
  job: { select: { requester: true } },
} as const satisfies Prisma.InstallInclude;
export type InstallRow = Prisma.InstallGetPayload<{ include: typeof INSTALL_VIEW }>;

/** A row of a list. */
export function installSummary(row: InstallRow, expected: number | null): InstallSummary {
  const { operation, osType } = readPlan(row.plan);
  return {
    id: row.id,
    jobId: row.jobId,
    instanceId: row.instanceId,
    instanceName: row.instance.name,
    node: row.node.name,
    operation,
    osType,
    state: row.state,
    percent: row.percent,
    step: row.step,
    message: row.message,
    requester: row.job.requester,
    acceptedAt: row.acceptedAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    endedAt: row.endedAt?.toISOString() ?? null,
    expectedSeconds: expected,
    error: row.errorCode === null ? null : { code: errorCode(row.errorCode), message: row.errorMessage ?? "", step: row.errorStep },
  };
}

/** An install as it is told. Of private and secret parameters there are the names. */
export function installView(row: InstallRow, expected: number | null, hasReceipt: boolean): InstallView {
  const { osType: _osType, operation: _operation, ...summary } = installSummary(row, expected);
  return {
    ...summary,
    steps: readSteps(row.steps),
    plan: readPlan(row.plan),
    parameters: readParameters(row.parameters).map(({ name, visibility, from, value, fingerprint }) => ({ name, visibility, from, value: value ?? null, fingerprint: fingerprint ?? null })),
    firstBootAt: row.firstBootAt?.toISOString() ?? null,
    lastContactAt: row.lastContactAt?.toISOString() ?? null,
    timeoutSeconds: row.timeoutSeconds,
    overwritten: row.overwritten,
    confirmed: row.confirmed,
    facts: readFacts(row.facts),
    stages: readStages(row.stages),
    hasReceipt,
    lastSeq: row.lastSeq,
  };
}
