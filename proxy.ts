import { randomBytes } from "node:crypto";
import { NextResponse } from "next/server.js";
import type { NextRequest } from "next/server.js";
import { COMPILES_ON_DEMAND } from "#lib/config/next-environment.ts";

/**
 * Security headers of every page. Scripts run only with the nonce of this very answer, which Next.js reads from the policy
 * on the request; nothing is loaded from anywhere else, and no page can be framed.
 *
 * Styles may stand inline: React writes them as attributes, which a nonce can't cover.
 */
export function proxy(request: NextRequest): NextResponse {
  const nonce = randomBytes(16).toString("base64");
  // React needs eval only where it shows errors of code that is being worked on.
  const evaluate = COMPILES_ON_DEMAND ? " 'unsafe-eval'" : "";
  const policy = [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${evaluate}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
  const headers = new Headers(request.headers);
  headers.set("x-nonce", nonce);
  headers.set("content-security-policy", policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", policy);
  response.headers.set("x-content-type-options", "nosniff");
  response.headers.set("x-frame-options", "DENY");
  response.headers.set("referrer-policy", "same-origin");
  response.headers.set("cross-origin-opener-policy", "same-origin");
  response.headers.set("permissions-policy", "camera=(), microphone=(), geolocation=()");
  if (request.nextUrl.protocol === "https:") response.headers.set("strict-transport-security", "max-age=31536000");
  return response;
}

export const config = {
  // Pages only: routes set their own headers and limit their own bodies, and static files need neither.
  matcher: ["/((?!api/|_next/static/|_next/image/|favicon|icon).*)"],
};
