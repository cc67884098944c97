import type { ClusterView } from "#lib/domain/views.ts";

/** Settings of the cluster as they are typed. */
export interface ClusterDraft {
  readonly hostScripts: boolean;
  readonly requireMetadataTokens: boolean;
  /** Minutes; empty: no limit. */
  readonly timeout: string;
  /** Days. */
  readonly retention: string;
}

const MINUTE = 60;
const DAY = 86_400;

export function draftOf(cluster: ClusterView): ClusterDraft {
  return {
    hostScripts: cluster.hostScripts,
    requireMetadataTokens: cluster.requireMetadataTokens,
    timeout: cluster.installTimeoutSeconds === null ? "" : shown(cluster.installTimeoutSeconds / MINUTE),
    retention: shown(cluster.diskRetentionSeconds / DAY),
  };
}

/** Body of a PATCH: what was changed and nothing else, so that two people who change different things don't undo each other's. */
export function changesOf(draft: ClusterDraft, cluster: ClusterView): Partial<Pick<ClusterView, "hostScripts" | "requireMetadataTokens" | "installTimeoutSeconds" | "diskRetentionSeconds">> {
  const before = draftOf(cluster);
  return {
    ...(draft.hostScripts === before.hostScripts ? {} : { hostScripts: draft.hostScripts }),
    ...(draft.requireMetadataTokens === before.requireMetadataTokens ? {} : { requireMetadataTokens: draft.requireMetadataTokens }),
    ...(draft.timeout === before.timeout ? {} : { installTimeoutSeconds: draft.timeout.trim() === "" ? null : Math.round(Number(draft.timeout) * MINUTE) }),
    ...(draft.retention === before.retention ? {} : { diskRetentionSeconds: Math.round(Number(draft.retention) * DAY) }),
  };
}

/** What is wrong with what is typed, by field. Bounds are the API's own. */
export function draftErrors({ timeout, retention }: Pick<ClusterDraft, "timeout" | "retention">): { readonly timeout: string | null; readonly retention: string | null } {
  const seconds = Number(timeout) * MINUTE;
  const kept = Number(retention) * DAY;
  return {
    timeout: timeout.trim() === "" || (seconds >= 10 && seconds <= 604_800) ? null : "From 10 seconds (0.2) to 7 days (10080), or empty.",
    retention: retention.trim() !== "" && kept >= 0 && kept <= 31_536_000 ? null : "From 0 to 365 days.",
  };
}

function shown(value: number): string {
  return String(Number(value.toFixed(4)));
}
