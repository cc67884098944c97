import NextAuth from "next-auth";
import { NextRequest } from "next/server.js";
import { tellNextAuthItsAddress } from "#lib/config/next-environment.ts";
import { services as installedServices } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { problemResponse, SECURITY_HEADERS, toProblem } from "#lib/http/problem.ts";
import { JSON_BODY } from "#lib/http/limits.ts";
import { readBody } from "#lib/http/read-body.ts";
import { STAMPS } from "#lib/http/stamp.ts";
import { authOptions } from "./options.ts";

interface AuthContext {
  readonly params: Promise<{ readonly nextauth: string[] }>;
}

/** next-auth's own pages are not served: the console has its own. */
const ACTIONS = new Set(["csrf", "session", "callback", "signout", "providers", "_log"]);

/**
 * next-auth's routes under /api/auth, behind the limits of every other request. Its body is read here first, because
 * next-auth reads one of any length.
 */
export async function signInHandler(request: NextRequest, context: AuthContext): Promise<Response> {
  const services = installedServices();
  const requestId = request.headers.get(STAMPS.requestId) ?? "";
  try {
    const { nextauth } = await context.params;
    const action = nextauth[0] ?? "";
    if (!ACTIONS.has(action)) throw new SlipwayError("unknown_object", "There is nothing at this address");
    // The browser reports errors of next-auth's script here; whoever likes could write to the log.
    if (action === "_log") return new Response(null, { status: 204, headers: SECURITY_HEADERS });
    tellNextAuthItsAddress(services.config.publicUrl);
    const bounded = await withBoundedBody(request);
    const answer: unknown = await NextAuth(bounded, { params: Promise.resolve({ nextauth }) }, authOptions(services));
    if (!(answer instanceof Response)) throw new Error("next-auth gave no answer");
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) answer.headers.set(name, value);
    return answer;
  } catch (error) {
    return problemResponse(toProblem(error, requestId, services.log));
  }
}

async function withBoundedBody(request: NextRequest): Promise<NextRequest> {
  if (request.method !== "POST") return request;
  const body = await readBody(request, JSON_BODY);
  return new NextRequest(request.url, { method: "POST", headers: request.headers, body: Buffer.from(body) });
}
