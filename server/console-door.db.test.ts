import { once } from "node:events";
import { createConnection } from "node:net";
import type { Duplex } from "node:stream";
import { duplexPair } from "node:stream";
import { encode } from "next-auth/jwt";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { AgentClient } from "#lib/agent-protocol/client.ts";
import { AgentRefusal } from "#lib/agent-protocol/refusal.ts";
import { sessionKey } from "#lib/auth/session-key.ts";
import { sessionCookieName } from "#lib/auth/session.ts";
import type { Services } from "#lib/context/context.ts";
import { insertNics } from "#lib/networks/testing.ts";
import type { Account, TestServices } from "#lib/http/testing-services.ts";
import { basic, startTestServices } from "#lib/http/testing-services.ts";
import { ConsoleDoor, CONSOLES_AT_ONCE } from "./console-door.ts";
import type { Listening } from "./listen-http.ts";
import { listenHttp } from "./listen-http.ts";

const NAME = "web-3";
let fixture: TestServices;
let listening: Listening;
/** The same, but that nobody has to say for a minute that they are there. */
let patient: Listening;
let doors: readonly ConsoleDoor[];
/** Gets the guest's end of the console that is opened next. */
let arrive: (guest: Duplex) => void = () => undefined;
let refusal: Error | null = null;
/** What the node waits for before it opens a console. */
let ready: Promise<unknown> = Promise.resolve();

/** An agent of which only consoles are asked. */
const agent = {
  openConsole: () => {
    if (refusal !== null) return Promise.reject(refusal);
    const [end, other] = duplexPair({ highWaterMark: 65_536 });
    arrive(other);
    return ready.then(() => end);
  },
};

beforeAll(async () => {
  fixture = await startTestServices();
  await insertNics(fixture.services.db, 1);
  const { id } = await fixture.services.db.instance.findFirstOrThrow({ select: { id: true } });
  await fixture.services.db.instance.update({ where: { id }, data: { name: NAME, ownerId: fixture.userIds.owner } });
  await fixture.services.db.node.updateMany({ data: { state: "online" } });
  // The door asks its agents for a console and nothing else.
  const client = agent as unknown as AgentClient;
  const services: Services = { ...fixture.services, agents: { ...fixture.services.agents, client: () => Promise.resolve(client) } };
  const [quick, slow] = [200, 60_000].map((checkMs) => new ConsoleDoor(services, { checkMs, openMs: 5_000 }));
  doors = [quick, slow].filter((door) => door !== undefined);
  const listen = (door: ConsoleDoor | undefined) => listenHttp({ host: "127.0.0.1", port: 0, tls: null, handle: (_request, response) => response.end(), ...(door === undefined ? {} : { upgrade: door.take }) });
  listening = await listen(quick);
  patient = await listen(slow);
});
afterAll(async () => {
  for (const door of doors) door.close();
  await listening.close();
  await patient.close();
  await fixture.stop();
});
beforeEach(() => {
  refusal = null;
  ready = Promise.resolve();
});

function connect(headers: Readonly<Record<string, string>>, path = `/api/v1/instances/${NAME}/console`, { port } = listening): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
  socket.on("error", () => undefined);
  return socket;
}

async function opened(headers: Readonly<Record<string, string>>, at = listening): Promise<{ readonly socket: WebSocket; readonly guest: Duplex }> {
  const guest = new Promise<Duplex>((resolve) => {
    arrive = resolve;
  });
  const socket = connect(headers, undefined, at);
  await once(socket, "open");
  return { socket, guest: await guest };
}

/** The status with which a WebSocket was refused. */
async function refused(headers: Readonly<Record<string, string>>, path?: string): Promise<number | undefined> {
  const socket = connect(headers, path);
  // ws says so of what it was answered.
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, { readonly statusCode?: number }];
  return response.statusCode;
}

async function closed(socket: WebSocket): Promise<readonly [number, string]> {
  // ws says so of how a socket was closed.
  const [code, reason] = (await once(socket, "close")) as [number, Buffer];
  return [code, reason.toString("utf8")];
}

async function session(account: Account, origin: string): Promise<Record<string, string>> {
  const token = await encode({ token: { userId: fixture.userIds[account], sessionEpoch: 1 }, secret: sessionKey(fixture.services), maxAge: 60 });
  return { cookie: `${sessionCookieName(fixture.services)}=${token}`, origin };
}
const ours = () => `http://127.0.0.1:${listening.port}`;

describe("a serial console in the browser", () => {
  test("has what the guest says, and the guest what is typed", async () => {
    const { socket, guest } = await opened(await session("owner", ours()));
    const message = once(socket, "message");
    guest.write("login: ");
    expect(String((await message)[0])).toBe("login: ");
    socket.send("root\r");
    expect(String((await once(guest, "data"))[0])).toBe("root\r");
    expect(await fixture.services.db.auditEntry.findFirst({ where: { action: "instance.console" }, orderBy: { at: "desc" } })).toMatchObject({ objectName: NAME, outcome: "done", actor: "owner" });
  });

  test("gives the guest what was typed before the node had opened it", async () => {
    const opening = Promise.withResolvers<undefined>();
    ready = opening.promise;
    const { socket, guest } = await opened(basic("admin"));
    const typed = once(guest, "data");
    socket.send("root\r");
    // Answered once what was sent before it has been taken.
    socket.ping();
    await once(socket, "pong");
    opening.resolve(undefined);
    expect(String((await typed)[0])).toBe("root\r");
    socket.close();
    await closed(socket);
  });

  test("is nobody's who has no account, whose page is another's, or whose instance it isn't", async () => {
    expect(await refused({})).toBe(401);
    expect(await refused(await session("owner", "http://evil.example"))).toBe(403);
    const { cookie } = await session("owner", ours());
    expect(await refused({ cookie: cookie ?? "" })).toBe(403);
    expect(await refused(basic("other"))).toBe(404);
    expect(await refused(basic("admin"), "/api/v1/instances/nobody/console")).toBe(404);
    expect(await refused(basic("admin"), "/elsewhere")).toBe(404);
  });

  test("holds no connection of somebody who was refused and doesn't go", async () => {
    const address = { host: "127.0.0.1", port: listening.port, allowHalfOpen: true };
    const stranger = createConnection(address);
    stranger.write(`GET /api/v1/instances/${NAME}/console HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`);
    const other = createConnection(address);
    other.write("nonsense\r\n\r\n");
    await Promise.all(
      [stranger, other].map(async (socket) => {
        // What is written to a connection that is gone fails; one that is held takes it all.
        const gone = once(socket, "error");
        await once(socket, "data");
        const writing = setInterval(() => socket.write("x"), 100);
        await gone.finally(() => clearInterval(writing));
      }),
    );
  });

  test("says why it couldn't be opened", async () => {
    refusal = new AgentRefusal("conflict", "Somebody is at the instance's serial console: one can be there at a time.", undefined);
    expect(await closed(connect(basic("admin")))).toEqual([4409, "Somebody is at the instance's serial console: one can be there at a time."]);
  });

  test("ends with the guest's", async () => {
    const { socket, guest } = await opened(basic("admin"));
    guest.end();
    expect((await closed(socket))[0]).toBe(1000);
  });

  test("ends when its person may be there no longer", async () => {
    const { socket } = await opened(await session("owner", ours()));
    const end = closed(socket);
    await fixture.services.db.instance.updateMany({ data: { ownerId: fixture.userIds.other } });
    expect((await end)[0]).toBe(4404);
    await fixture.services.db.instance.updateMany({ data: { ownerId: fixture.userIds.owner } });
  });

  test("has nothing more from somebody who may be there no longer and doesn't take the end for an answer", async () => {
    const { socket, guest } = await opened(await session("owner", ours()));
    // A client of its own making: it hears that the console was closed, and types on. Its TCP connection is no part of what ws declares.
    const raw = (socket as unknown as { readonly _socket: Duplex })._socket;
    raw.removeAllListeners("data");
    const typed: string[] = [];
    guest.on("data", (bytes: Buffer) => typed.push(bytes.toString("utf8")));
    const gone = once(guest, "end");
    await fixture.services.db.instance.updateMany({ data: { ownerId: fixture.userIds.other } });
    await new Promise<void>((resolve) => {
      raw.on("data", (bytes: Buffer) => {
        if (bytes.includes("There is no instance")) resolve();
      });
    });
    socket.send("rm -rf /\r");
    await gone;
    expect(typed).toEqual([]);
    socket.terminate();
    await fixture.services.db.instance.updateMany({ data: { ownerId: fixture.userIds.owner } });
  });

  test("is let go of where its browser was gone before it was there", async () => {
    const left = Promise.withResolvers<undefined>();
    ready = left.promise;
    const guest = new Promise<Duplex>((resolve) => {
      arrive = resolve;
    });
    const socket = connect(basic("admin"), undefined, patient);
    const [far] = await Promise.all([guest, once(socket, "open")]);
    const ended = closed(socket);
    socket.close();
    await ended;
    const gone = once(far, "end");
    far.resume();
    left.resolve(undefined);
    await gone;
  });

  test("keeps no more for a browser that doesn't read than it may, and loses nothing of what it has taken", async () => {
    const { socket, guest } = await opened(basic("admin"), patient);
    let received = 0;
    socket.on("message", (data: Buffer) => {
      received += data.length;
    });
    socket.pause();
    let sent = 0;
    let taken = true;
    // Buffers of the kernel are in between; a guest that is taken everything from would go on for ever.
    while (taken && sent < 64 * 1_048_576) {
      sent += 65_536;
      taken = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(resolve, 1_000, false);
        guest.write(Buffer.alloc(65_536, 0x61), (error) => {
          clearTimeout(timer);
          resolve(error === null || error === undefined);
        });
      });
    }
    expect(taken).toBe(false);
    socket.resume();
    while (received < sent) await once(socket, "message");
    expect(received).toBe(sent);
    socket.close();
  });

  test("can't be opened by one account as often as it likes", async () => {
    const sockets: WebSocket[] = [];
    for (let n = 0; n < CONSOLES_AT_ONCE.account; n += 1) sockets.push((await opened(basic("owner"))).socket);
    expect(await refused(basic("owner"))).toBe(429);
    const [first, ...others] = sockets;
    const end = first === undefined ? null : closed(first);
    first?.close();
    await end;
    const { socket } = await opened(basic("owner"));
    for (const one of [...others, socket]) one.terminate();
  });
});
