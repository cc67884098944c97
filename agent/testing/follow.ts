import type { AgentClient } from "#lib/agent-protocol/client.ts";
import type { AgentEvent, InstallStatus } from "#lib/agent-protocol/messages.ts";
import { isFinal } from "#lib/domain/install-states.ts";

/** Reads events from the start of the journal until `done` says so, and returns them. */
export async function followEvents(client: AgentClient, done: (event: AgentEvent) => boolean): Promise<AgentEvent[]> {
  const ending = new AbortController();
  const events: AgentEvent[] = [];
  for await (const item of client.events({ journal: null, after: 0 }, ending.signal)) {
    if (item.kind === "head") continue;
    events.push(item.event);
    if (done(item.event)) break;
  }
  ending.abort();
  return events;
}

/** Reads events until an install has ended. */
export async function followInstall(client: AgentClient, installId: string): Promise<{ status: InstallStatus; events: AgentEvent[] }> {
  const events = await followEvents(client, (event) => isFinal(statusIn(event, installId)?.state ?? "accepted"));
  const status = events.map((event) => statusIn(event, installId)).findLast((one) => one !== null);
  if (!status) throw new Error("the install didn't end");
  return { status, events };
}

/** What an event says of an install; null where it is about something else. Without an id: of whichever install. */
export function statusIn(event: AgentEvent, installId?: string): InstallStatus | null {
  if (event.type !== "install.entries" && event.type !== "install.state") return null;
  return installId === undefined || event.installId === installId ? event.status : null;
}
