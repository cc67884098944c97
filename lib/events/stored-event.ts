import { z } from "zod";
import type { StoredEvent } from "#lib/context/context.ts";
import type { EventRow } from "#lib/db/client.ts";
import type { FeedPayload } from "#lib/domain/feed.ts";
import { ACTIVE_STATES, FINAL_STATES } from "#lib/domain/install-states.ts";

const name = z.string();
const payloadSchema: z.ZodType<FeedPayload> = z.discriminatedUnion("type", [
  z.object({ type: z.literal("instance.changed"), name }),
  z.object({ type: z.literal("instance.deleted"), name }),
  z.object({ type: z.literal("job.changed"), jobId: z.number().int(), status: z.string(), instanceName: z.string().nullable() }),
  z.object({
    type: z.literal("install.progress"),
    installId: z.string(),
    instanceName: name,
    state: z.enum([...ACTIVE_STATES, ...FINAL_STATES]),
    percent: z.number().nullable(),
    step: z.string().nullable(),
    firstSeq: z.number().int().nullable(),
    lastSeq: z.number().int().nullable(),
  }),
  z.object({ type: z.literal("instance.lines"), name, lastId: z.string() }),
  z.object({ type: z.literal("node.changed"), name }),
  z.object({ type: z.literal("network.changed"), name }),
  z.object({ type: z.literal("os.changed"), name }),
  z.object({ type: z.literal("cluster.changed") }),
]);

/** A row of the feed as an event; null for one that another version wrote and this one doesn't know. */
export function parseStoredEvent(row: Pick<EventRow, "id" | "at" | "ownerId" | "payload">): StoredEvent | null {
  const payload = payloadSchema.safeParse(row.payload);
  return payload.success ? { id: row.id, at: row.at, ownerId: row.ownerId, payload: payload.data } : null;
}
