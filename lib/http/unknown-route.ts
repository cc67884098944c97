import { randomUUID } from "node:crypto";
import { services } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { problemResponse, toProblem } from "./problem.ts";
import { STAMPS } from "./stamp.ts";

/** What is under /api/v1 and no route: an answer for programs, where Next.js would send a page. */
export function handleUnknown(request: Request): Promise<Response> {
  const requestId = request.headers.get(STAMPS.requestId) ?? randomUUID();
  const error = new SlipwayError("unknown_object", "There is nothing at this address");
  return Promise.resolve(problemResponse(toProblem(error, requestId, services().log)));
}
