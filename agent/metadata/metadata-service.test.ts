import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type ChannelLimits, GUEST_LIMITS, RUNNING_GUEST_LIMITS } from "#lib/domain/guest-lines.ts";
import { MetadataService } from "./metadata-service.ts";
import { type HeardContent, heardContent } from "./testing.ts";
import { Branch, createTree, text } from "./tree.ts";

const log = pino({ level: "silent" });
let folder: string;
let socket: string;
let content: HeardContent;
const services: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metadata-"));
  socket = join(folder, "metadata.sock");
});
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.close()));
  await rm(folder, { recursive: true });
});

async function exampleTree() {
  const path = join(folder, "untrusted.tar");
  await writeFile(path, "an archive");
  const ec2 = new Branch({ slashes: false });
  ec2.add("meta-data/hostname", text("web1"));
  ec2.add("user-data", { kind: "later" });
  const openstack = new Branch({ slashes: false });
  openstack.add("meta_data.json", text("{}"));
  const ganeti = new Branch({ slashes: true });
  ganeti.add("os/untrusted.tar", { kind: "file", path, length: 10 });
  ganeti.add("os/gone.tar", { kind: "file", path: join(folder, "gone"), length: 10 });
  ganeti.add("os/scripts/create", () => Promise.resolve(text("#!/bin/sh")));
  ganeti.name("read");
  ganeti.name("write");
  return createTree([{ at: "", versions: ["2009-04-04", "latest"], branch: ec2 }, { at: "openstack", versions: ["latest"], branch: openstack }, { at: "ganeti", versions: ["2026-11-20", "latest"], branch: ganeti }], new Set(["openstack"]));
}

async function serve(options: { readonly requireTokens?: boolean; readonly limits?: ChannelLimits } = {}): Promise<void> {
  content = heardContent(await exampleTree(), options);
  services.push(await MetadataService.listenUnix(socket, content, log));
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Record<string, string | string[] | undefined>;
}

function call(method: string, path: string, { headers = {}, body = [] }: { readonly headers?: Record<string, string>; readonly body?: readonly Buffer[] } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath: socket, method, path, headers, agent: false }, (response) => {
      let said = "";
      response.on("data", (chunk: Buffer) => (said += chunk.toString()));
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, body: said, headers: response.headers });
      });
      response.on("error", reject);
    });
    outgoing.on("error", reject);
    for (const part of body) outgoing.write(part);
    outgoing.end();
  });
}

/** Sends bytes as they are. @returns what was answered until the connection ended, or null where it goes on */
function raw(bytes: string): Promise<string | null> {
  return new Promise((resolve) => {
    let said = "";
    const connection = connect(socket, () => connection.write(bytes, "latin1"));
    // A request that is answered and kept open is known by a second one on the same connection.
    connection.on("data", (chunk: Buffer) => (said += chunk.toString("latin1")));
    connection.on("error", () => undefined);
    connection.once("close", () => {
      resolve(said);
    });
    connection.setTimeout(3_000, () => {
      connection.destroy();
      resolve(null);
    });
  });
}

const statuses = (said: string | null): (number | null)[] => (said === null ? [null] : [...said.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1])));

describe("the metadata service", () => {
  test("serves documents, files, and listings of every level", async () => {
    await serve();
    expect(await call("GET", "/")).toMatchObject({ status: 200, body: "2009-04-04\nlatest\nganeti/\nopenstack/" });
    expect((await call("GET", "/latest")).body).toBe("meta-data\nuser-data");
    expect((await call("GET", "/2009-04-04/meta-data/hostname?x=1")).body).toBe("web1");
    expect((await call("GET", "/ganeti/latest/os/untrusted.tar")).body).toBe("an archive");
    expect((await call("GET", "/ganeti/2026-11-20/os/scripts/create")).body).toBe("#!/bin/sh");
    expect((await call("GET", "/ganeti/latest/os/")).body).toBe("gone.tar\nscripts/\nuntrusted.tar");
  });

  test("answers HEAD as GET without the document, and keeps what there is to read", async () => {
    await serve();
    expect(await call("HEAD", "/latest/meta-data/hostname")).toMatchObject({ status: 200, body: "", headers: { "content-length": "4" } });
    expect(await call("HEAD", "/ganeti/latest/os/untrusted.tar")).toMatchObject({ status: 200, body: "" });
    content.read.putLine("hello");
    expect((await call("HEAD", "/ganeti/latest/read")).status).toBe(200);
    expect((await call("GET", "/ganeti/latest/read")).body).toBe("hello\n");
  });

  test("has nothing else, and says what may be done with what there is", async () => {
    await serve();
    for (const path of ["/latest/nothing", "/1999-01-01/meta-data", "/ganeti/latest/../../etc/passwd", "/latest/%2e%2e", "//latest", "/latest//meta-data", "/latest/meta-data/hostname/"]) {
      expect(await call("GET", path), path).toMatchObject({ status: 404, body: "" });
    }
    expect(await call("PUT", "/latest/meta-data/hostname")).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
    expect(await call("GET", "/ganeti/latest/write")).toMatchObject({ status: 405, headers: { allow: "POST" } });
    expect(await call("POST", "/ganeti/latest/read")).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
    expect(await call("POST", "/ganeti/latest/read", { body: [Buffer.from("a line\n")] })).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
    expect(await call("GET", "/latest/api/token")).toMatchObject({ status: 405, headers: { allow: "PUT" } });
  });

  test("asks to come again for what isn't known and won't be", async () => {
    await serve();
    expect(await call("GET", "/latest/user-data")).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
  });

  test("keeps nothing of requests that waited in vain for what isn't known yet", async () => {
    const promise = new Promise<void>(() => undefined);
    const then = vi.spyOn(promise, "then");
    content = heardContent(await exampleTree());
    services.push(await MetadataService.listenUnix(socket, { ...content, isComplete: promise }, log));
    for (let count = 0; count < 5; count += 1) {
      const connection = connect(socket, () => connection.write("GET /latest/user-data HTTP/1.1\r\nHost: x\r\n\r\n")).on("error", () => undefined);
      await expect.poll(() => then.mock.calls.length).toBe(1);
      connection.destroy();
    }
  });

  test("answers those who wait as soon as it is known", async () => {
    let tell = (): void => undefined;
    const isComplete = new Promise<void>((resolve) => (tell = resolve));
    let tree = await exampleTree();
    const ec2 = new Branch({ slashes: false });
    ec2.add("user-data", text("#cloud-config"));
    content = heardContent(tree);
    services.push(await MetadataService.listenUnix(socket, Object.defineProperty({ ...content, isComplete }, "tree", { get: () => tree }), log));
    const asked = [call("GET", "/latest/user-data"), call("GET", "/latest/user-data")];
    await call("GET", "/latest/meta-data/hostname");
    tree = createTree([{ at: "", versions: ["latest"], branch: ec2 }]);
    tell();
    for (const answer of await Promise.all(asked)) expect(answer).toMatchObject({ status: 200, body: "#cloud-config" });
  });

  test("gives what the host has written once, and is empty otherwise", async () => {
    await serve();
    expect(await call("GET", "/ganeti/latest/read")).toMatchObject({ status: 200, body: "" });
    content.read.putLine("one");
    content.read.putLine("two");
    expect((await call("GET", "/ganeti/latest/read")).body).toBe("one\ntwo\n");
    expect((await call("GET", "/ganeti/latest/read")).body).toBe("");
  });

  test("bounds what waits to be read", async () => {
    await serve();
    let taken = 0;
    while (content.read.putLine("x".repeat(60))) taken += 1;
    expect(taken).toBe(RUNNING_GUEST_LIMITS.waitingLines);
    expect((await call("GET", "/ganeti/latest/read")).body).toHaveLength(61 * taken);
    expect(content.read.putLine("y".repeat(RUNNING_GUEST_LIMITS.waitingBytes))).toBe(false);
  });

  test("tells once that a file of the node can't be read", async () => {
    await serve();
    for (let count = 0; count < 3; count += 1) expect((await call("GET", "/ganeti/latest/os/gone.tar")).status).toBe(500);
    expect(content.notices).toHaveLength(1);
  });
});

describe("session tokens", () => {
  const TTL = "x-aws-ec2-metadata-token-ttl-seconds";
  const TOKEN = "x-aws-ec2-metadata-token";

  test("are demanded where the cluster requires them, but not of who can't have any", async () => {
    await serve({ requireTokens: true });
    for (const path of ["/", "/latest/meta-data/hostname", "/latest/nothing", "/ganeti/latest/read"]) expect((await call("GET", path)).status, path).toBe(401);
    expect((await call("POST", "/ganeti/latest/write")).status).toBe(401);
    expect((await call("POST", "/ganeti/latest/write", { body: [Buffer.from("a line\n")] })).status).toBe(401);
    expect((await call("GET", "/openstack/latest/meta_data.json")).status).toBe(200);
    const given = await call("PUT", "/latest/api/token", { headers: { [TTL]: "60" } });
    expect(given).toMatchObject({ status: 200, headers: { [TTL]: "60" } });
    expect((await call("GET", "/latest/meta-data/hostname", { headers: { [TOKEN]: given.body } })).body).toBe("web1");
  });

  test("have to be right where they are sent, also where none is needed", async () => {
    await serve();
    expect((await call("GET", "/latest/meta-data/hostname")).status).toBe(200);
    expect((await call("GET", "/latest/meta-data/hostname", { headers: { [TOKEN]: "wrong" } })).status).toBe(401);
  });

  test("aren't given without a lifetime, or to who was asked by somebody else", async () => {
    await serve();
    expect((await call("PUT", "/latest/api/token")).status).toBe(400);
    expect((await call("PUT", "/latest/api/token", { headers: { [TTL]: "21601" } })).status).toBe(400);
    expect((await call("PUT", "/latest/api/token", { headers: { [TTL]: "60", "x-forwarded-for": "192.0.2.1" } })).status).toBe(403);
  });
});

describe("the write pipe's requests", () => {
  test("are taken as they come", async () => {
    await serve();
    const streaming = request({ socketPath: socket, method: "POST", path: "/ganeti/latest/write", agent: false });
    const answered = new Promise<number>((resolve) => streaming.on("response", (response) => {
      resolve(response.statusCode ?? 0);
    }));
    streaming.write("one\ntw");
    await expect.poll(() => content.lines).toEqual(["one"]);
    streaming.end("o\n");
    expect(await answered).toBe(204);
    expect(content.lines).toEqual(["one", "two"]);
  });

  test("are cut where they are too long, which is told", async () => {
    await serve();
    expect((await call("POST", "/ganeti/latest/write", { headers: { "content-length": "10000000000" } }).catch(() => ({ status: 0 }))).status).toBe(413);
    const parts = Array.from({ length: 5 }, () => Buffer.from(`${"x".repeat(16_383)}\n`));
    expect((await call("POST", "/ganeti/latest/write", { body: parts })).status).toBe(413);
    expect(content.lines).toHaveLength(4);
    expect(content.notices.filter((text) => text.includes("more in one request"))).toHaveLength(1);
  });

  test("are ended where they take too long, which is told", async () => {
    await serve({ limits: { ...RUNNING_GUEST_LIMITS, requestMs: 300 } });
    const begun = performance.now();
    const said = await raw("POST /ganeti/latest/write HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\na line\na byte");
    expect(statuses(said)).toEqual([408]);
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(content.lines).toEqual(["a line"]);
    expect(content.notices.join()).toMatch(/too long/);
  });

  test("are ended where nothing comes any more", async () => {
    await serve({ limits: { ...RUNNING_GUEST_LIMITS, stallMs: 300 } });
    expect(await raw("POST /ganeti/latest/write HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\na byte")).toBe("");
  });

  test("are taken no quicker than the limits say", async () => {
    await serve({ limits: { ...RUNNING_GUEST_LIMITS, burstBytes: 4_096, bytesPerSecond: 65_536 } });
    const begun = performance.now();
    expect((await call("POST", "/ganeti/latest/write", { body: [Buffer.alloc(32_768, "x\n")] })).status).toBe(204);
    expect(performance.now() - begun).toBeGreaterThan(300);
  });

  test("leave memory as it is, however much is posted", async () => {
    await serve({ limits: { ...GUEST_LIMITS, burstBytes: 2 ** 32 } });
    const part = Buffer.from(`${"x".repeat(1_023)}\n`.repeat(1_024));
    const post = async (count: number): Promise<void> => {
      const statuses = await Promise.all(Array.from({ length: 4 }, () => call("POST", "/ganeti/latest/write", { body: Array.from({ length: count }, () => part) })));
      expect(statuses.map(({ status }) => status)).toEqual([204, 204, 204, 204]);
    };
    await post(16);
    const before = process.memoryUsage.rss();
    for (let round = 0; round < 17; round += 1) await post(16);
    expect((process.memoryUsage.rss() - before) / 1_048_576).toBeLessThan(150);
    expect(content.lines.length).toBeLessThanOrEqual(GUEST_LIMITS.lines);
  }, 60_000);
});

describe("a hostile guest", () => {
  const host = "Host: x\r\n";
  const post = `POST /ganeti/latest/write HTTP/1.1\r\n${host}`;

  test.each([
    ["no HTTP", "\0\u0001 nonsense\r\n\r\n"],
    ["a length and chunks", `${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ["two lengths", `${post}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`],
    ["a length below nothing", `${post}Content-Length: -5\r\n\r\nhello`],
    ["an unknown transfer encoding", `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ["chunks of no number", `${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n`],
    ["lines without a carriage return", "GET /latest HTTP/1.1\nHost: x\n\n"],
    ["folded headers", `GET /latest HTTP/1.1\r\n${host}A: b\r\n c\r\n\r\n`],
    ["a space before a colon", "GET /latest HTTP/1.1\r\nHost : x\r\n\r\n"],
    ["no host", "GET /latest HTTP/1.1\r\n\r\n"],
    ["NUL in a path", `GET /latest\0 HTTP/1.1\r\n${host}\r\n`],
    ["NUL in a header", `GET /latest HTTP/1.1\r\n${host}A: b\0c\r\n\r\n`],
    ["another host in the target", `GET http://169.254.169.254/latest HTTP/1.1\r\n${host}\r\n`],
    ["a long path", `GET /${"a".repeat(5_000)} HTTP/1.1\r\n${host}\r\n`],
    ["a longer path", `GET /${"a".repeat(50_000)} HTTP/1.1\r\n${host}\r\n`],
    ["too long headers", `GET /latest HTTP/1.1\r\n${host}${"A: b\r\n".repeat(2_000)}\r\n`],
    ["a body where none belongs", `GET /latest HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhello`],
  ])("that sends %s is answered with 400 and hung up on", async (_name, bytes) => {
    await serve();
    expect(statuses(await raw(bytes))).toEqual([400]);
    expect((await call("GET", "/latest/meta-data/hostname")).status).toBe(200);
  });

  test("can't have another answer by what it sends after a request", async () => {
    await serve();
    expect(statuses(await raw(`GET /latest/meta-data/hostname HTTP/1.1\r\n${host}\r\nGARBAGE\r\n\r\n`))).not.toContain(null);
  });

  test("gets no tunnel", async () => {
    await serve();
    expect(await raw(`CONNECT 127.0.0.1:22 HTTP/1.1\r\n${host}\r\n`)).toBe("");
  });

  test("is told of once for each kind of nuisance", async () => {
    await serve();
    for (let count = 0; count < 50; count += 1) await raw("nonsense\r\n\r\n");
    expect(content.notices).toEqual(["The guest sent requests that can't be understood; they were refused."]);
  });

  test("holds no more than sixteen connections", async () => {
    await serve();
    const held = Array.from({ length: 20 }, () => connect(socket).on("error", () => undefined));
    const closed = held.map((connection) => new Promise((resolve) => connection.once("close", resolve)));
    await Promise.race(closed);
    await expect.poll(() => content.refused).toBe(4);
    for (const connection of held) connection.destroy();
    await Promise.all(closed);
    await expect.poll(async () => (await call("GET", "/").catch(() => ({ status: 0 }))).status).toBe(200);
  });

  test("has only so many requests waiting on one connection", async () => {
    await serve();
    const ask = `GET /latest/meta-data/hostname HTTP/1.1\r\n${host}\r\n`;
    const last = `GET /latest/meta-data/hostname HTTP/1.1\r\n${host}Connection: close\r\n\r\n`;
    expect(statuses(await raw(ask.repeat(9) + last))).toEqual(Array.from({ length: 10 }, () => 200));
    expect(statuses(await raw(ask.repeat(1_000))).length).toBeLessThan(40);
    expect(content.notices.join()).toMatch(/at once over one connection/);
  });

  test("is hung up on where a body comes in tiny pieces, and is heard again after what they cost", async () => {
    await serve();
    const pieces = `${post}Transfer-Encoding: chunked\r\n\r\n${"1\r\nx\r\n".repeat(20_000)}`;
    expect(statuses(await raw(pieces))).toEqual([]);
    expect(content.notices.join()).toMatch(/small pieces/);
    const from = performance.now();
    expect((await call("GET", "/latest/meta-data/hostname")).status).toBe(200);
    // Of one read, ten thousand of them, less those that any guest may send.
    expect(performance.now() - from).toBeGreaterThan(1_500);
  }, 30_000);

  test("takes a body in pieces of ordinary size", async () => {
    await serve();
    const body = Array.from({ length: 50 }, (_, index) => Buffer.from(`line ${String(index)}\n`));
    expect((await call("POST", "/ganeti/latest/write", { body })).status).toBe(204);
    expect(content.lines).toHaveLength(50);
  });

  test.each(["100-continue", "something else"])("has only so many waiting where it expects %s, too", async (expected) => {
    await serve();
    const said = statuses(await raw(`GET /latest/meta-data/hostname HTTP/1.1\r\n${host}Expect: ${expected}\r\n\r\n`.repeat(1_000)));
    expect(said.length).toBeLessThan(80);
    expect(content.notices.join()).toMatch(/at once over one connection/);
  });
});

describe("the metadata service over TCP", () => {
  test("answers the guest's address on both families, and hangs up on any other", async () => {
    content = heardContent(await exampleTree());
    let guest = "127.0.0.1";
    const service = await MetadataService.listenTcp({ host: "127.0.0.1", host6: "::1", isGuest: (address) => address === guest || address === "::1" }, content, log);
    services.push(service);
    expect(await (await fetch(`http://127.0.0.1:${String(service.port)}/latest/meta-data/hostname`)).text()).toBe("web1");
    expect(await (await fetch(`http://[::1]:${String(service.port6)}/latest/meta-data/hostname`)).text()).toBe("web1");
    guest = "127.0.0.2";
    const answered = await new Promise<number>((resolve) => {
      const connection = connect(service.port, "127.0.0.1", () => connection.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
      connection.on("error", () => undefined).on("data", () => undefined);
      connection.once("close", () => {
        resolve(connection.bytesRead);
      });
    });
    expect(answered).toBe(0);
    expect(content.notices.join()).toMatch(/isn't its own/);
  });

  test("leaves no port open where the second can't be had", async () => {
    content = heardContent(await exampleTree());
    await expect(MetadataService.listenTcp({ host: "127.0.0.1", host6: "2001:db8::1", isGuest: () => true }, content, log)).rejects.toThrow();
  });
});
