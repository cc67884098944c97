import { requireAccess, requireReach, unknownObject } from "#lib/access/require.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { CHANNELS } from "#lib/db/listen.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { FeedEvent } from "#lib/domain/feed.ts";
import { mayReceive } from "./may-receive.ts";

export interface SubscribeOptions {
  /** Id of the last event that the client has: `Last-Event-ID`. */
  readonly after?: string | undefined;
  /** An install whose new log entries are wanted with its progress. */
  readonly installId?: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * The event stream of one client: what it may see, in order, from where it left off. The promise settles before the first
 * event, so that a refusal can still be answered as one; the stream ends when the signal fires, when the client is too
 * slow, when its account is changed (it comes back with what it may see now), and when the process stops.
 */
export async function subscribe(ctx: RequestContext, options: SubscribeOptions): Promise<AsyncIterable<FeedEvent>> {
  await requireReach(ctx, "event.subscribe", "event");
  if (options.after !== undefined && !/^\d{1,18}$/.test(options.after)) {
    throw new SlipwayError("invalid", "The id to take up after isn't a number.", { field: "after" });
  }
  if (options.installId !== undefined) await requireInstall(ctx, options.installId);
  return narrowed(ctx, options);
}

async function* narrowed(ctx: RequestContext, { after, installId, signal }: SubscribeOptions): AsyncGenerator<FeedEvent> {
  const { identity, services } = ctx;
  const revoked = new AbortController();
  const stopListening = services.notifications.on(CHANNELS.users, (userId) => {
    if (identity.kind === "user" && identity.userId === userId) revoked.abort();
  });
  try {
    yield* services.feed.subscribe({
      after,
      installId,
      signal: AbortSignal.any([signal, revoked.signal]),
      visible: (event) => mayReceive(identity, event),
    });
  } finally {
    stopListening();
  }
}

async function requireInstall(ctx: RequestContext, installId: string): Promise<void> {
  if (!/^[0-9a-f-]{36}$/.test(installId)) throw unknownObject("install", installId.slice(0, 64));
  const install = await ctx.services.db.install.findUnique({ where: { id: installId }, select: { instance: { select: { ownerId: true } } } });
  if (install === null) throw unknownObject("install", installId);
  await requireAccess(ctx, "install.read", { kind: "install", name: installId, ownerId: install.instance.ownerId });
}
