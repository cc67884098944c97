import { SlipwayError } from "#lib/domain/errors.ts";
import { type AgentEvent, agentEventSchema, type JournalHead, journalHeadSchema } from "./messages.ts";
import type { AgentTransport } from "./transport.ts";

/** What an event stream yields: the journal's head first, then its events. */
export type EventStreamItem = { readonly kind: "head"; readonly head: JournalHead } | { readonly kind: "event"; readonly event: AgentEvent };

/** The longest line: 500 entries of 4,096 characters and their status, escaped. */
const LONGEST_LINE = 16 * 1_048_576;

/**
 * Reads `GET /v1/events`. Ends without an error when `signal` is aborted; throws `node_unreachable` when the connection breaks
 * or stays silent beyond the agent's heartbeat.
 */
export async function* readEvents(transport: AgentTransport, from: { journal: string | null; after: number }, signal?: AbortSignal): AsyncGenerator<EventStreamItem, void, void> {
  const query = new URLSearchParams({ after: String(from.after) });
  if (from.journal !== null) query.set("journal", from.journal);
  let isHead = true;
  try {
    const response = await transport.open({ method: "GET", path: `/v1/events?${query.toString()}`, timeoutMs: null, signal });
    response.setEncoding("utf8");
    let rest = "";
    // With an encoding set, an answer yields strings.
    for await (const chunk of response as AsyncIterable<string>) {
      rest += chunk;
      const lines = rest.split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > LONGEST_LINE) throw new Error("an event is too long");
      for (const line of lines) {
        if (line === "") continue;
        if (isHead) yield { kind: "head", head: journalHeadSchema.parse(JSON.parse(line)) };
        else yield { kind: "event", event: agentEventSchema.parse(JSON.parse(line)) };
        isHead = false;
      }
    }
    throw new Error("the agent ended the stream");
  } catch (error) {
    if (signal?.aborted === true) return;
    if (error instanceof SlipwayError) throw error;
    throw new SlipwayError("node_unreachable", "The agent's events broke off.", { cause: error });
  }
}
