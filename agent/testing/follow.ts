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
  const isEnd = (event: AgentEvent): boolean => event.type !== "instance.power" && event.installId === installId && isFinal(event.status.state);
  const events = await followEvents(client, isEnd);
  const last = events.at(-1);
  if (last === undefined || last.type === "instance.power") throw new Error("the install didn't end");
  return { status: last.status, events };
}
