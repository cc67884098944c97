import type { FeedPayload } from "#lib/domain/feed.ts";

/** What a page shows, and so what changes of it. An empty field means every one. */
export interface Interest {
  readonly types: readonly FeedPayload["type"][];
  readonly instance?: string;
  readonly job?: number;
  readonly node?: string;
  readonly network?: string;
  /** Name of an OS definition. */
  readonly definition?: string;
}

/** Whether a page with this interest must be made anew after an event. */
export function concerns(interest: Interest, payload: FeedPayload): boolean {
  if (!interest.types.includes(payload.type)) return false;
  switch (payload.type) {
    case "instance.changed":
    case "instance.deleted":
      return interest.instance === undefined || interest.instance === payload.name;
    case "job.changed":
      return (
        (interest.job === undefined || interest.job === payload.jobId) && (interest.instance === undefined || interest.instance === payload.instanceName)
      );
    case "install.progress":
      return interest.instance === undefined || interest.instance === payload.instanceName;
    case "node.changed":
      return interest.node === undefined || interest.node === payload.name;
    case "network.changed":
      return interest.network === undefined || interest.network === payload.name;
    case "instance.lines":
      return interest.instance === undefined || interest.instance === payload.name;
    case "os.changed":
      return interest.definition === undefined || interest.definition === payload.name;
    case "cluster.changed":
    case "feed.reset":
      return true;
  }
}
