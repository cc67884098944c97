import type { StoredEvent } from "#lib/context/context.ts";
import type { Identity, Operation } from "#lib/domain/access.ts";
import { decide, definitionAudience } from "#lib/domain/access.ts";
import type { FeedPayload } from "#lib/domain/feed.ts";

/** Reading the object says whether hearing of it is allowed: the same rule, not a second one. */
const READ: Readonly<Record<FeedPayload["type"], Operation>> = {
  "instance.changed": "instance.read",
  "instance.deleted": "instance.read",
  "job.changed": "job.read",
  "install.progress": "install.read",
  "instance.lines": "instance.channel",
  "node.changed": "node.read",
  "network.changed": "network.read",
  "os.changed": "os.read",
  "cluster.changed": "cluster.read",
  "feed.reset": "event.subscribe",
};

/** Whether somebody may hear of an event. */
export function mayReceive(identity: Identity, event: Pick<StoredEvent, "payload" | "ownerId">): boolean {
  const { payload, ownerId } = event;
  // An event of an OS definition that isn't for everybody is written once for each who sees it.
  const audience = payload.type === "os.changed" ? definitionAudience(ownerId, []) : [];
  return decide(identity, READ[payload.type], ownerId, audience) === "allowed";
}
