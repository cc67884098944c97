import { paths } from "#components/paths.ts";
import type { ErrorCode } from "#lib/domain/errors.ts";

/** An answer that is an error, as the API describes it, or as the browser does where there was none. */
export interface Problem {
  readonly code: ErrorCode | "unreachable";
  readonly detail: string;
  /** The field concerned, as it was sent: `parameters.secret.root_password`. */
  readonly field: string | null;
  readonly requestId: string | null;
}

/** What is wrong, for a place beside the field itself, where its name needn't be said again. */
export function besideField(problem: Problem | null): string | null {
  if (problem === null || problem.field === null) return problem?.detail ?? null;
  // `subnet: must be …` and `subnet has …` alike.
  const prefix = [`${problem.field}: `, `${problem.field} `].find((one) => problem.detail.startsWith(one)) ?? "";
  return problem.detail.slice(prefix.length);
}

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

const TIMEOUT_MS = 30_000;

interface Options {
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/**
 * Calls the API with the session's cookie. Errors are answers, not exceptions: a form shows them beside its fields. Only
 * where the session is over it leaves, for the sign-in page, which knows the way back.
 */
export async function request<T>(method: "GET" | "POST" | "PATCH" | "DELETE", path: string, options: Options = {}): Promise<Answer<T>> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const init: RequestInit = {
    method,
    headers: options.body === undefined ? { accept: "application/json" } : { accept: "application/json", "content-type": "application/json" },
    signal: options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]),
    cache: "no-store",
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  };
  try {
    const response = await fetch(path, init);
    if (response.status === 401) window.location.assign(paths.signIn(`${window.location.pathname}${window.location.search}`));
    const text = await response.text();
    // The API is this program's own, and its answers have the types that it declares.
    if (response.ok) return { ok: true, value: (text === "" ? null : JSON.parse(text)) as T };
    return { ok: false, problem: readProblem(text, response.status, response.headers.get("x-request-id")) };
  } catch {
    return { ok: false, problem: UNREACHABLE };
  }
}

export const UNREACHABLE: Problem = { code: "unreachable", detail: "The controller doesn't answer. Nothing is known of what became of the request.", field: null, requestId: null };

/** The problem that an answer's body describes. */
export function readProblem(text: string, status: number, requestId: string | null): Problem {
  try {
    const sent: unknown = JSON.parse(text);
    if (typeof sent === "object" && sent !== null && "detail" in sent && typeof sent.detail === "string") {
      return {
        // Codes come from the one list that the API has.
        code: "code" in sent && typeof sent.code === "string" ? (sent.code as ErrorCode) : "internal",
        detail: sent.detail,
        field: "field" in sent && typeof sent.field === "string" ? sent.field : null,
        requestId: "requestId" in sent && typeof sent.requestId === "string" ? sent.requestId : requestId,
      };
    }
  } catch {
    // Not JSON: something between us and the controller answered. The status is all there is to tell.
  }
  return { code: "internal", detail: `The controller answered with status ${status}.`, field: null, requestId };
}
