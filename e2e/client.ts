import { z } from "zod";

/** An answer with everything that a client could see of it. */
export interface Answer {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  /** Status line, headers and body as one text. */
  readonly everything: string;
  readonly json: unknown;
}

const REQUEST_MS = 60_000;
const FINAL_STATES = ["done", "failed", "cancelled", "timed_out"];

export const acceptedSchema = z.object({ jobId: z.number(), installId: z.string() });
export const installSchema = z.object({
  id: z.string(),
  state: z.string(),
  percent: z.number().nullable(),
  step: z.string().nullable(),
  firstBootAt: z.string().nullable(),
  error: z.object({ code: z.string(), message: z.string(), step: z.string().nullable() }).nullable(),
});
export type Install = z.infer<typeof installSchema>;
export const problemSchema = z.object({ code: z.string(), detail: z.string(), field: z.string().optional(), requestId: z.string() });
export const logSchema = z.object({ items: z.array(z.object({ seq: z.number(), kind: z.string(), text: z.string().nullable(), step: z.string().nullable() })) });

/** One account's way to the API, RAPI and pages; tells `onAnswer` of everything that came back. */
export class Client {
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #onAnswer: (answer: Answer) => void;

  private constructor(base: string, headers: Readonly<Record<string, string>>, onAnswer: (answer: Answer) => void) {
    this.#base = base;
    this.#headers = headers;
    this.#onAnswer = onAnswer;
  }

  static withPassword(base: string, user: string, password: string, onAnswer: (answer: Answer) => void = () => undefined): Client {
    return new Client(base, { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` }, onAnswer);
  }

  static signedOut(base: string, onAnswer: (answer: Answer) => void = () => undefined): Client {
    return new Client(base, {}, onAnswer);
  }

  /** Signs in as a browser does, and goes on with the session's cookies. */
  static async withSession(base: string, user: string, password: string, onAnswer: (answer: Answer) => void = () => undefined): Promise<Client> {
    return Client.withCookies(base, await Client.signIn(base, user, password), onAnswer);
  }

  static withCookies(base: string, cookie: string, onAnswer: (answer: Answer) => void = () => undefined): Client {
    return new Client(base, { cookie, origin: base }, onAnswer);
  }

  /** The cookies of a session, as a browser gets them. */
  static async signIn(base: string, user: string, password: string): Promise<string> {
    const csrf = await fetch(new URL("/api/auth/csrf", base), { signal: AbortSignal.timeout(REQUEST_MS) });
    const { csrfToken } = z.object({ csrfToken: z.string() }).parse(await csrf.json());
    const signedIn = await fetch(new URL("/api/auth/callback/credentials", base), {
      method: "POST",
      redirect: "manual",
      headers: { cookie: cookiesOf(csrf), "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ csrfToken, name: user, password, json: "true" }),
      signal: AbortSignal.timeout(REQUEST_MS),
    });
    const cookie = cookiesOf(signedIn);
    if (!cookie.includes("session-token")) throw new Error(`${user} could not sign in: status ${signedIn.status}`);
    return cookie;
  }

  async send(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.sendRaw(method, path, body === undefined ? undefined : { type: "application/json", content: JSON.stringify(body) });
  }

  /** A body as it is: an archive, or what only looks like JSON. */
  async sendRaw(method: string, path: string, body?: { readonly type: string; readonly content: string | Uint8Array<ArrayBuffer> }): Promise<Answer> {
    const headers: Record<string, string> = body === undefined ? {} : { "content-type": body.type };
    return this.#ask(method, path, { method, redirect: "manual", headers, ...(body === undefined ? {} : { body: body.content }) });
  }

  /** What the console asks for when it goes to a page without loading it anew; its answers count as method PAYLOAD. */
  async payload(path: string): Promise<Answer> {
    // The server sends who asks on to the address that a browser would have asked for.
    return this.#ask("PAYLOAD", path, { redirect: "follow", headers: { rsc: "1" } });
  }

  async #ask(method: string, path: string, request: Omit<RequestInit, "headers"> & { readonly headers: Readonly<Record<string, string>> }): Promise<Answer> {
    const url = new URL(path, this.#base);
    const response = await fetch(url, { ...request, headers: { ...this.#headers, ...request.headers }, signal: AbortSignal.timeout(REQUEST_MS) });
    const text = await response.text();
    const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
    const answer: Answer = { method, url: url.pathname + url.search, status: response.status, everything: `${response.status}\n${headers}\n\n${text}`, json: parseJson(text) };
    this.#onAnswer(answer);
    return answer;
  }

  /** Sends, and reads an answer of the 200s with a schema. */
  async call<T extends z.ZodType>(method: string, path: string, schema: T, body?: unknown): Promise<z.output<T>> {
    const answer = await this.send(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.everything}`);
    return schema.parse(answer.json);
  }

  /** Sends what must be refused, and reads why. */
  async refused(method: string, path: string, body?: unknown): Promise<z.infer<typeof problemSchema> & { status: number }> {
    const answer = await this.send(method, path, body);
    if (answer.status < 400) throw new Error(`${method} ${path} was not refused: ${answer.everything}`);
    return { ...problemSchema.parse(answer.json), status: answer.status };
  }

  /** The event stream as raw text, piece by piece, from the moment that this resolves until the signal fires. */
  async stream(path: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const response = await fetch(new URL(path, this.#base), { headers: this.#headers, signal });
    if (!response.ok || response.body === null) throw new Error(`GET ${path}: ${response.status}`);
    return response.body;
  }

  /** Looks at an install at each event until `until` is true of it; its end is the last look. */
  async follow(installId: string, until: (install: Install) => boolean | Promise<boolean> = () => false, timeoutMs = 170_000): Promise<Install> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(new Error(`install ${installId} went on for too long`)), timeoutMs);
    const pieces: Uint8Array[] = [];
    const look = (): Promise<Install> => this.call("GET", `/api/v1/installs/${installId}`, installSchema);
    try {
      for (;;) {
        // Connected before the look, so that no change falls between them.
        const events = await this.stream(`/api/v1/events?install=${installId}`, abort.signal);
        let install = await look();
        if (FINAL_STATES.includes(install.state) || (await until(install))) return install;
        for await (const piece of events) {
          pieces.push(piece);
          install = await look();
          if (FINAL_STATES.includes(install.state) || (await until(install))) return install;
        }
      }
    } finally {
      clearTimeout(timer);
      abort.abort();
      this.#onAnswer({ method: "GET", url: `/api/v1/events?install=${installId}`, status: 200, everything: Buffer.concat(pieces).toString("utf8"), json: null });
    }
  }

  /** The whole log of an install as one text, and its lines. */
  async log(installId: string): Promise<z.infer<typeof logSchema>["items"]> {
    const items: z.infer<typeof logSchema>["items"] = [];
    for (;;) {
      const last = items.at(-1)?.seq ?? 0;
      const page = await this.call("GET", `/api/v1/installs/${installId}/log?after=${last}&limit=1000`, logSchema);
      if (page.items.length === 0) return items;
      items.push(...page.items);
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function cookiesOf(response: Response): string {
  return response.headers.getSetCookie().map((cookie) => cookie.split(";", 1)[0] ?? "").join("; ");
}
