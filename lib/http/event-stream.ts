import type { RequestContext } from "#lib/context/context.ts";
import type { FeedEvent } from "#lib/domain/feed.ts";
import { SECURITY_HEADERS } from "./problem.ts";

/** Milliseconds between comments that keep a quiet stream open through whatever stands in between. */
const HEARTBEAT_MS = 15_000;
/** Milliseconds after which a stream ends and the browser comes again: until then nobody asks whether its user may still. */
const LONGEST_MS = 15 * 60_000;
/** What a browser waits before it comes again. */
const RETRY_MS = 1_000;

export interface StreamRequest {
  readonly after: string | undefined;
  readonly installId: string | undefined;
  /** Fires when the client has gone. */
  readonly signal: AbortSignal;
}

type Subscribe = (ctx: RequestContext, request: StreamRequest) => Promise<AsyncIterable<FeedEvent>>;

/**
 * Answers with events as a stream of server-sent events: `id` to take it up again, `event` the kind, `data` the whole event.
 *
 * Pulled, never pushed: while the client doesn't read, nothing is asked of the subscription, which ends itself where
 * somebody is too slow. The stream ends with the client, with the process, and after a quarter of an hour.
 */
export async function streamEvents(ctx: RequestContext, request: StreamRequest, subscribe: Subscribe): Promise<Response> {
  const gone = new AbortController();
  const signal = AbortSignal.any([request.signal, gone.signal]);
  const events = (await subscribe(ctx, { ...request, signal }))[Symbol.asyncIterator]();
  const limit = setTimeout(() => gone.abort(), LONGEST_MS);
  signal.addEventListener("abort", () => clearTimeout(limit), { once: true });
  const encoder = new TextEncoder();
  let next: Promise<IteratorResult<FeedEvent>> | null = null;
  let opened = false;

  function end(controller: ReadableStreamDefaultController<Uint8Array>): void {
    controller.close();
    gone.abort();
  }

  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (!opened) {
          opened = true;
          // The first bytes show the client that it is connected, long before anything may happen.
          controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n`));
          return;
        }
        next ??= events.next();
        try {
          const result = await orHeartbeat(next);
          if (result === "heartbeat") {
            controller.enqueue(encoder.encode(": \n\n"));
            return;
          }
          next = null;
          if (result.done === true) end(controller);
          else controller.enqueue(encoder.encode(formatEvent(result.value)));
        } catch (error) {
          // The end of a stream says nothing: the client comes again and gets the error as an answer.
          if (!signal.aborted) ctx.services.log.warn({ err: error, requestId: ctx.requestId }, "event stream ended");
          end(controller);
        }
      },
      cancel() {
        gone.abort();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, {
    headers: {
      ...SECURITY_HEADERS,
      // no-transform: a compressing proxy would hold events back.
      "cache-control": "no-store, no-transform",
      "content-type": "text/event-stream; charset=utf-8",
      "x-accel-buffering": "no",
      "x-request-id": ctx.requestId,
    },
  });
}

async function orHeartbeat<T>(work: Promise<T>): Promise<T | "heartbeat"> {
  let timer: NodeJS.Timeout | undefined;
  const beat = new Promise<"heartbeat">((resolve) => {
    timer = setTimeout(() => resolve("heartbeat"), HEARTBEAT_MS);
  });
  try {
    return await Promise.race([work, beat]);
  } finally {
    clearTimeout(timer);
  }
}

/** One event in the stream's own notation. JSON has no line ends, so one `data` line is enough. */
export function formatEvent(event: FeedEvent): string {
  return `id: ${event.id}\nevent: ${event.payload.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
