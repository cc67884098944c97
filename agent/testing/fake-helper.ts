import { rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";

/** One request, as it came. */
export interface HelperRequest {
  readonly verb: string;
  readonly values: Readonly<Record<string, string>>;
}

interface Link {
  readonly kind: "nic" | "channel";
  readonly index: number;
}

/** Speaks the helper's side of helper/PROTOCOL.md and makes nothing. */
export class FakeHelper {
  readonly path: string;
  /** Without `hello`. */
  readonly requests: HelperRequest[] = [];
  /** Requests whose answer is an error: by verb. */
  readonly refuses = new Map<string, string>();
  /** Verbs at which it dies instead of answering, once. */
  readonly diesAt = new Set<string>();
  readonly guests = new Map<string, Link[]>();
  bridges = ["br0", "br1"];
  readonly #connections = new Set<Socket>();
  #server: Server | null = null;

  constructor(path: string) {
    this.path = path;
  }

  async start(): Promise<void> {
    await rm(this.path, { force: true });
    const server = createServer((socket) => {
      this.#connections.add(socket);
      socket.on("error", () => socket.destroy());
      socket.once("close", () => this.#connections.delete(socket));
      createInterface({ input: socket }).on("line", (line) => {
        this.#take(socket, line);
      });
    });
    await new Promise<void>((resolve) => server.listen(this.path, resolve));
    this.#server = server;
  }

  /** As killed: its connections end at once; what it made stays. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    for (const socket of this.#connections) socket.destroy();
    if (server !== null) await new Promise((resolve) => server.close(resolve));
  }

  /** Says what nobody asked for. */
  tell(line: string): void {
    for (const socket of this.#connections) socket.write(`0 ${line}\n`);
  }

  /** What it was asked, as `VERB guest`, in order. */
  get asked(): string[] {
    return this.requests.map(({ verb, values }) => [verb, values["guest"]].filter((word) => word !== undefined).join(" "));
  }

  last(verb: string): Readonly<Record<string, string>> | undefined {
    return this.requests.findLast((request) => request.verb === verb)?.values;
  }

  #take(socket: Socket, line: string): void {
    const [number = "", verb = "", ...words] = line.split(" ");
    const values = Object.fromEntries(words.map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]));
    if (verb !== "hello") this.requests.push({ verb, values });
    if (this.diesAt.delete(verb)) {
      void this.stop();
      return;
    }
    const refusal = this.refuses.get(verb);
    if (refusal === undefined) for (const answer of this.#answer(verb, values)) socket.write(`${number} ${answer}\n`);
    else socket.write(`${number} error ${refusal}\n`);
  }

  #answer(verb: string, values: Readonly<Record<string, string>>): string[] {
    const guest = values["guest"] ?? "";
    const links = this.guests.get(guest) ?? [];
    switch (verb) {
      case "hello":
        return [`ok version=1${this.bridges.length === 0 ? "" : ` bridges=${this.bridges.join(",")}`} routed=yes channel=169.254.0.0/16`];
      case "channel":
        return [this.#add(guest, { kind: "channel", index: 100 })];
      case "nic":
        return [this.#add(guest, { kind: "nic", index: Number(values["index"]) })];
      case "remove":
        this.guests.delete(guest);
        return ["ok"];
      case "list":
        return [...[...this.guests].flatMap(([name, all]) => all.map(({ kind }) => `item guest=${name} kind=${kind} name=gnt.x up=yes`)), "ok"];
      default:
        return [`error invalid ${String(links.length)}`];
    }
  }

  #add(guest: string, link: Link): string {
    const links = (this.guests.get(guest) ?? []).filter(({ index }) => index !== link.index);
    const all = [...links, link].sort((a, b) => a.index - b.index);
    this.guests.set(guest, all);
    return `ok name=gnt.x fd=${String(10 + all.indexOf(link))}`;
  }
}
