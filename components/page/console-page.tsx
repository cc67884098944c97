import { notFound, unstable_rethrow } from "next/navigation";
import type { ReactNode } from "react";
import type { RequestContext } from "#lib/context/context.ts";
import { isSlipwayError } from "#lib/domain/errors.ts";
import { ClockProvider } from "#components/ui/clock-provider.tsx";
import { currentContext, renderTime } from "./context.ts";
import { ProblemPage } from "./problem-page.tsx";

/**
 * What every page and layout of the console is made in: who looks, what they may see, and errors in words. What isn't there, or
 * may not be known of, is a page that isn't there; what was not expected goes to the log under the request's id.
 */
export async function consolePage(render: (ctx: RequestContext) => Promise<ReactNode>): Promise<ReactNode> {
  const ctx = await currentContext();
  try {
    return <ClockProvider renderedAt={renderTime()}>{await render(ctx)}</ClockProvider>;
  } catch (error) {
    unstable_rethrow(error);
    if (!isSlipwayError(error)) throw unexpected(ctx, error);
    if (error.code === "unknown_object") notFound();
    return <ProblemPage code={error.code} message={error.message} requestId={ctx.requestId} />;
  }
}

/** The error page gets the digest and nothing else, so the digest is the request's id. */
function unexpected(ctx: RequestContext, error: unknown): Error {
  ctx.services.log.error({ err: error, requestId: ctx.requestId }, "page failed");
  return Object.assign(new Error("page failed", { cause: error }), { digest: ctx.requestId });
}
