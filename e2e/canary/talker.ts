/** An instance that runs with its channel on, and does what it is told over it: e2e/definitions/talker. */
import { createHash, randomUUID } from "node:crypto";
import { z } from "zod";
import type { FeedPayload } from "#lib/domain/feed.ts";
import { acceptedSchema, type Client } from "../client.ts";

const linesSchema = z.object({ items: z.array(z.object({ id: z.string(), kind: z.string(), author: z.string(), text: z.string().nullable() })) });
export type ChannelLine = z.infer<typeof linesSchema>["items"][number];
const lockSchema = z.object({ lockedByJobId: z.number().nullable() });
const SAY_MS = 120_000;

const BODY = { osType: "talker+default", memoryMib: 256, disks: [{ sizeMib: 96 }], nics: [], communication: true } as const;

export class Talker {
  readonly name: string;
  readonly #client: Client;

  private constructor(client: Client, name: string) {
    this.#client = client;
    this.name = name;
  }

  /** An administrator installs one, which has booted when this resolves; `client` is who speaks to it from then on. */
  static async install(administrator: Client, client: Client, body: { readonly name: string } & Record<string, unknown>): Promise<{ readonly talker: Talker; readonly installId: string; readonly jobId: number }> {
    const accepted = await administrator.call("POST", "/api/v1/instances", acceptedSchema, { ...BODY, ...body });
    const { state, error } = await client.follow(accepted.installId);
    if (state !== "done") throw new Error(`the talker's install is ${state}: ${error?.message ?? "no error"}`);
    return { talker: new Talker(client, body.name), ...accepted };
  }

  /** Newest last. */
  async lines(): Promise<ChannelLine[]> {
    const { items } = await this.#client.call("GET", `/api/v1/instances/${this.name}/channel?limit=500`, linesSchema);
    return items.toReversed();
  }

  /** Does something, and resolves to what came over the channel since, when the guest has said a line like `last`. */
  async until(last: RegExp, act: () => Promise<unknown>): Promise<ChannelLine[]> {
    return this.#until(({ author, text }) => author === "guest" && text !== null && last.test(text), act);
  }

  async #until(isLast: (line: ChannelLine) => boolean, act: () => Promise<unknown>): Promise<ChannelLine[]> {
    const before = BigInt((await this.lines()).at(-1)?.id ?? 0);
    const look = async (): Promise<ChannelLine[] | null> => {
      const lines = (await this.lines()).filter(({ id }) => BigInt(id) > before);
      return lines.some(isLast) ? lines : null;
    };
    return this.#follow("instance.lines", look, act);
  }

  /** Does something, and looks then and at each event of a type, until there is what is looked for. */
  async #follow<T>(type: FeedPayload["type"], look: () => Promise<T | null>, act: () => Promise<unknown>): Promise<T> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(new Error(`${this.name}: what is waited for hasn't come in time`)), SAY_MS);
    try {
      const events = await this.#client.stream("/api/v1/events", abort.signal);
      await act();
      const found = await look();
      if (found !== null) return found;
      for await (const piece of events) {
        if (!Buffer.from(piece).includes(type)) continue;
        const now = await look();
        if (now !== null) return now;
      }
      throw new Error("the event stream has ended");
    } finally {
      clearTimeout(timer);
      abort.abort();
    }
  }

  async send(line: string): Promise<void> {
    await this.#client.call("POST", `/api/v1/instances/${this.name}/channel`, z.object({ id: z.string() }), { line });
  }

  /** What it finds at the service now: what is served, as digests, and in how many documents a value is. */
  async ask(): Promise<string[]> {
    const why = randomUUID();
    return textsOf(await this.until(new RegExp(`^found at ${why}:`), () => this.send(`do ask ${why}`))).map((text) => text.replace(` at ${why}`, ""));
  }

  /** Has it say its private parameter and its user data in every form, over its channel and on its console. */
  async leak(): Promise<ChannelLine[]> {
    const why = randomUUID();
    return this.until(new RegExp(`^leaked at ${why}$`), () => this.send(`do leak ${why}`));
  }

  /** The same where nothing that it says is kept: resolves when that is told. */
  async leakUntilClosed(): Promise<ChannelLine[]> {
    return this.#until(({ kind, text }) => kind === "notice" && text?.includes("isn't kept") === true, () => this.send("do leak closed"));
  }

  /** Resolves when no job holds it. */
  async idle(): Promise<void> {
    const look = async (): Promise<true | null> => ((await this.#client.call("GET", `/api/v1/instances/${this.name}`, lockSchema)).lockedByJobId === null ? true : null);
    await this.#follow("job.changed", look, () => Promise.resolve());
  }

  /** @returns the message as it is on record. */
  async hear(line: string): Promise<string | null> {
    const lines = await this.until(new RegExp(`^heard ${digestOf(line)}$`), () => this.send(line));
    return lines.find(({ kind }) => kind === "message")?.text ?? null;
  }

  async modify(change: object): Promise<string[]> {
    return (await this.#client.call("PATCH", `/api/v1/instances/${this.name}`, z.object({ appliedAtNextStart: z.array(z.string()) }), change)).appliedAtNextStart;
  }

  /** Resolves when it runs again and has asked. */
  async reboot(): Promise<string[]> {
    const lines = await this.until(/^found at boot:/, () => this.#client.call("POST", `/api/v1/instances/${this.name}/power`, z.object({ jobId: z.number() }), { action: "reboot", graceSeconds: 0 }));
    return textsOf(lines).map((text) => text.replace(" at boot", ""));
  }
}

export function digestOf(value: string): string {
  return createHash("sha256").update(value).digest("hex");
}

function textsOf(lines: readonly ChannelLine[]): string[] {
  return lines.flatMap(({ author, text }) => (author === "guest" && text !== null ? [text] : []));
}
