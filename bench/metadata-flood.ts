import { Agent, request } from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** What a neighbour can do to be a nuisance. */
export const FLOODS = ["connections", "a byte a minute", "bad requests", "big posts", "requests"] as const;
export type Flood = (typeof FLOODS)[number];

const PATH = "/openstack/latest/meta_data.json";
/** Connections that a flood keeps opening at once. */
const AT_ONCE = 64;
/** A well-behaved guest asks so often; milliseconds. */
const PAUSE_MS = 2;
const POST_BYTES = 65_536;

/** One client process: a well-behaved guest, which says what its requests took, or a flood. Ends by itself. */
async function main(host: string, port: number, kind: string, seconds: number): Promise<void> {
  const until = performance.now() + seconds * 1_000;
  if (kind === "guest") {
    process.stdout.write(`${JSON.stringify({ p99: await ask(host, port, until) })}\n`);
    return;
  }
  const flood = FLOODS.find((known) => known === kind);
  if (flood === undefined) throw new Error("there is no such flood");
  await Promise.all(Array.from({ length: flood === "big posts" || flood === "requests" ? 16 : AT_ONCE }, () => annoy(flood, host, port, until)));
}

/** One request after another over one connection. @returns milliseconds that 99 of 100 take at most */
async function ask(host: string, port: number, until: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  while (performance.now() < until) {
    const begun = performance.now();
    const status = await get(agent, host, port);
    if (status !== 200) throw new Error(`a request was answered with ${String(status)}`);
    times.push(performance.now() - begun);
    await delay(PAUSE_MS);
  }
  agent.destroy();
  // The first ones find a program that isn't compiled yet.
  const warm = times.slice(Math.floor(times.length / 5)).sort((a, b) => a - b);
  return warm[Math.floor(warm.length * 0.99)] ?? Number.NaN;
}

function get(agent: Agent, host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ agent, host, port, path: PATH }, (response) => {
      response.resume().once("end", () => {
        resolve(response.statusCode);
      });
    })
      .once("error", reject)
      .end();
  });
}

async function annoy(kind: Flood, host: string, port: number, until: number): Promise<void> {
  while (performance.now() < until) {
    const socket = connect(port, host).on("error", () => undefined);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await Promise.race([Promise.race([closed, new Promise((resolve) => socket.once("connect", resolve))]).then(() => misbehave(kind, socket, until)), closed]);
    socket.destroy();
    await closed;
  }
}

async function misbehave(kind: Flood, socket: Socket, until: number): Promise<void> {
  switch (kind) {
    case "connections":
      return;
    case "a byte a minute":
      for (const byte of "GET / HTTP/1.1\r\nHost: x\r\nX-Long: ") {
        socket.write(byte);
        await delay(100);
      }
      await new Promise((resolve) => socket.once("close", resolve));
      return;
    case "bad requests":
      socket.resume().write("GET /latest/../../etc/passwd HTTP/1.1\nHost : x\r\n\0\r\n\r\n");
      await new Promise((resolve) => socket.once("close", resolve));
      return;
    case "big posts":
      await repeat(socket, Buffer.concat([Buffer.from(`POST /ganeti/latest/write HTTP/1.1\r\nHost: x\r\nContent-Length: ${POST_BYTES}\r\n\r\n`), Buffer.alloc(POST_BYTES, "\n")]), until);
      return;
    case "requests":
      await repeat(socket, Buffer.from(`GET ${PATH} HTTP/1.1\r\nHost: x\r\n\r\n`), until);
  }
}

/** The same again as soon as there is an answer. */
async function repeat(socket: Socket, bytes: Buffer, until: number): Promise<void> {
  socket.on("data", () => {
    if (performance.now() < until) socket.write(bytes);
    else socket.destroy();
  });
  socket.write(bytes);
  await new Promise((resolve) => socket.once("close", resolve));
}

if (import.meta.main) {
  const [host = "", port = "", kind = "", seconds = ""] = process.argv.slice(2);
  await main(host, Number(port), kind, Number(seconds));
}
