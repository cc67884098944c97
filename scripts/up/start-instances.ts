import { z } from "zod";
import type { ApiClient } from "./api.ts";
import { ApiError } from "./api.ts";
import { say } from "./terminal.ts";

const pageSchema = z.object({ items: z.array(z.object({ name: z.string(), adminState: z.string(), status: z.string() })), nextCursor: z.string().nullable() });

/** Nothing of ours is on it (it was imported from another cluster), or its node is elsewhere and doesn't answer. */
const NOT_OURS_TO_START = ["not_installed", "node_unreachable"];

/**
 * Starts the instances that should be running: after `down`, or after everything was killed, they don't. One that does run is
 * left as it is. Not waited for.
 */
export async function startInstances(api: ApiClient): Promise<void> {
  let cursor: string | null = "";
  while (cursor !== null) {
    const page: z.output<typeof pageSchema> = await api.get(`/api/v1/instances${cursor === "" ? "" : `?cursor=${encodeURIComponent(cursor)}`}`, pageSchema);
    for (const { name, adminState, status } of page.items) {
      if (adminState !== "running" || NOT_OURS_TO_START.includes(status)) continue;
      try {
        await api.post(`/api/v1/instances/${name}/power`, { action: "start" }, z.unknown());
        say(`instance ${name} is starting`);
      } catch (error) {
        // An install or another job holds it, and decides what becomes of it.
        if (!(error instanceof ApiError && error.code === "conflict")) throw error;
      }
    }
    cursor = page.nextCursor;
  }
}
