import { randomUUID } from "node:crypto";
import { cookies, headers } from "next/headers.js";
import { redirect } from "next/navigation.js";
import { readSession, sessionCookieName } from "#lib/auth/session.ts";
import { services } from "#lib/context/context.ts";
import type { RequestContext } from "#lib/context/context.ts";
import { STAMPS } from "./stamp.ts";

/**
 * The context of a page: what a server component gives to operations. Without a session it answers with a redirect to
 * the sign-in page, which knows the way back.
 */
export async function pageContext(): Promise<RequestContext> {
  const context = await optionalPageContext();
  if (context !== null) return context;
  const path = (await headers()).get(STAMPS.path) ?? "/";
  redirect(path === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(path)}`);
}

/** As `pageContext`, but null without a session: for the sign-in page, which has nothing to do for somebody who is signed in. */
export async function optionalPageContext(): Promise<RequestContext | null> {
  const found = services();
  const [sent, jar] = await Promise.all([headers(), cookies()]);
  const identity = await readSession(found, jar.get(sessionCookieName(found))?.value);
  if (identity === null) return null;
  return {
    services: found,
    identity,
    interface: "console",
    address: sent.get(STAMPS.address) || null,
    requestId: sent.get(STAMPS.requestId) ?? randomUUID(),
  };
}

/**
 * Where to go after signing in: a path of this console and nothing else, whatever the address bar was made to say.
 * Give it the `next` parameter of the sign-in page.
 */
export function safeNextPath(next: string | readonly string[] | undefined): string {
  if (typeof next !== "string" || next.length > 2000) return "/";
  try {
    // Browsers take a backslash for a slash and drop tabs and line ends; the URL parser does as they do.
    const url = new URL(next, "http://console.invalid");
    return url.origin === "http://console.invalid" && next.startsWith("/") ? `${url.pathname}${url.search}` : "/";
  } catch {
    return "/";
  }
}
