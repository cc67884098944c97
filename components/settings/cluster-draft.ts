import { privateSourceProblem } from "#lib/domain/private-source.ts";
import type { ClusterView } from "#lib/domain/views.ts";

/** Settings of the cluster as they are typed. */
export interface ClusterDraft {
  readonly hostScripts: boolean;
  readonly enableSafeInstall: boolean;
  readonly requireMetadataTokens: boolean;
  readonly eraseDisks: boolean;
  /** Minutes; empty: no limit. */
  readonly timeout: string;
  /** The same, for installs by a medium. */
  readonly mediumTimeout: string;
  /** Days. */
  readonly retention: string;
  /** Hosts, addresses and ranges, one a line. */
  readonly privateSources: string;
}

/** What of them can be changed here. */
export type ClusterChanges = Partial<
  Pick<ClusterView, "hostScripts" | "enableSafeInstall" | "requireMetadataTokens" | "eraseDisks" | "installTimeoutSeconds" | "mediumTimeoutSeconds" | "diskRetentionSeconds" | "privateSources">
>;

const MINUTE = 60;
const DAY = 86_400;
const SWITCHES = ["hostScripts", "enableSafeInstall", "requireMetadataTokens", "eraseDisks"] as const;

export function draftOf(cluster: ClusterView): ClusterDraft {
  const { hostScripts, enableSafeInstall, requireMetadataTokens, eraseDisks } = cluster;
  return {
    ...{ hostScripts, enableSafeInstall, requireMetadataTokens, eraseDisks },
    timeout: minutesText(cluster.installTimeoutSeconds),
    mediumTimeout: minutesText(cluster.mediumTimeoutSeconds),
    retention: shown(cluster.diskRetentionSeconds / DAY),
    privateSources: cluster.privateSources.join("\n"),
  };
}

/** Body of a PATCH: what was changed and nothing else, so that two people who change different things don't undo each other's. */
export function changesOf(draft: ClusterDraft, cluster: ClusterView): ClusterChanges {
  const before = draftOf(cluster);
  const sources = sourceLines(draft.privateSources);
  return {
    ...Object.fromEntries(SWITCHES.flatMap((name) => (draft[name] === before[name] ? [] : [[name, draft[name]] as const]))),
    ...(draft.timeout === before.timeout ? {} : { installTimeoutSeconds: seconds(draft.timeout) }),
    ...(draft.mediumTimeout === before.mediumTimeout ? {} : { mediumTimeoutSeconds: seconds(draft.mediumTimeout) }),
    ...(draft.retention === before.retention ? {} : { diskRetentionSeconds: Math.round(Number(draft.retention) * DAY) }),
    ...(sources.join("\n") === before.privateSources ? {} : { privateSources: sources }),
  };
}

export interface DraftErrors {
  readonly timeout: string | null;
  readonly mediumTimeout: string | null;
  readonly retention: string | null;
  readonly privateSources: string | null;
}

/** What is wrong with what is typed, by field. Bounds are the API's own. */
export function draftErrors({ timeout, mediumTimeout, retention, privateSources }: Pick<ClusterDraft, "timeout" | "mediumTimeout" | "retention" | "privateSources">): DraftErrors {
  const kept = Number(retention) * DAY;
  return {
    timeout: timeoutProblem(timeout),
    mediumTimeout: timeoutProblem(mediumTimeout),
    retention: retention.trim() !== "" && kept >= 0 && kept <= 31_536_000 ? null : "From 0 to 365 days.",
    privateSources: sourcesProblem(sourceLines(privateSources)),
  };
}

function timeoutProblem(minutes: string): string | null {
  const limit = Number(minutes) * MINUTE;
  return minutes.trim() === "" || (limit >= 10 && limit <= 604_800) ? null : "From 10 seconds (0.2) to 7 days (10080), or empty.";
}

function sourcesProblem(lines: readonly string[]): string | null {
  if (lines.length > 64) return "At most 64.";
  const wrong = lines.map((line) => ({ line, problem: privateSourceProblem(line) })).find(({ problem }) => problem !== null);
  return wrong === undefined || wrong.problem === null ? null : `${wrong.line} ${wrong.problem}.`;
}

function sourceLines(text: string): readonly string[] {
  return [...new Set(text.split("\n").map((line) => line.trim()).filter((line) => line !== ""))];
}

function seconds(minutes: string): number | null {
  return minutes.trim() === "" ? null : Math.round(Number(minutes) * MINUTE);
}

function minutesText(limit: number | null): string {
  return limit === null ? "" : shown(limit / MINUTE);
}

function shown(value: number): string {
  return String(Number(value.toFixed(4)));
}
