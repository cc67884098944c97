import { z } from "zod";
import type { StreamedEvent } from "./event-stream.ts";
import { readEventStream } from "./event-stream.ts";

const REQUEST_MS = 60_000;
const problemSchema = z.object({ code: z.string(), detail: z.string() });

/** An answer of the API that isn't what was asked for. */
export class ApiError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The controller's API with an account's name and password. */
export class ApiClient {
  readonly #base: string;
  readonly #authorization: string;

  constructor(consoleUrl: string, user: string, password: string) {
    this.#base = consoleUrl;
    this.#authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  }

  async get<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T>> {
    return schema.parse(await this.#send("GET", path));
  }

  async post<T extends z.ZodType>(path: string, body: unknown, schema: T): Promise<z.output<T>> {
    return schema.parse(await this.#send("POST", path, body));
  }

  async patch<T extends z.ZodType>(path: string, body: unknown, schema: T): Promise<z.output<T>> {
    return schema.parse(await this.#send("PATCH", path, body));
  }

  /** As `get`, but null where the object isn't there. */
  async find<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T> | null> {
    try {
      return await this.get(path, schema);
    } catch (error) {
      if (error instanceof ApiError && error.code === "unknown_object") return null;
      throw error;
    }
  }

  /**
   * Looks, and looks again at every event, until there is something to return. Connected before the first look, so that
   * nothing is missed in between.
   */
  async waitFor<T>(look: () => Promise<T | null>, options: { readonly what: string; readonly timeoutMs: number }): Promise<T> {
    const timeout = AbortSignal.timeout(options.timeoutMs);
    // An open stream would keep this process from ending.
    const done = new AbortController();
    const signal = AbortSignal.any([timeout, done.signal]);
    try {
      for (;;) {
        const events = await this.events(signal);
        const found = await look();
        if (found !== null) return found;
        for await (const _event of events) {
          const later = await look();
          if (later !== null) return later;
        }
        // The controller ends streams after a while; the next one goes on.
      }
    } catch (error) {
      if (timeout.aborted) throw new Error(`${options.what} took longer than ${options.timeoutMs / 1_000} s`, { cause: error });
      throw error;
    } finally {
      done.abort();
    }
  }

  /** The live events from now on. Connected once this resolves. */
  async events(signal: AbortSignal): Promise<AsyncGenerator<StreamedEvent, void, undefined>> {
    const response = await fetch(new URL("/api/v1/events", this.#base), { headers: { authorization: this.#authorization }, signal });
    if (!response.ok || response.body === null) throw await toError(response);
    return readEventStream(response.body);
  }

  async #send(method: "GET" | "POST" | "PATCH", path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(new URL(path, this.#base), {
      method,
      headers: { authorization: this.#authorization, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      signal: AbortSignal.timeout(REQUEST_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw await toError(response);
    const answer: unknown = await response.json();
    return answer;
  }
}

async function toError(response: Response): Promise<ApiError> {
  const problem = problemSchema.safeParse(await response.json().catch(() => null));
  return new ApiError(problem.data?.code ?? "internal", `the controller answers ${response.status}${problem.success ? `: ${problem.data.detail}` : ""}`);
}
