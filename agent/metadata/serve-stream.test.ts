import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SlipwayError } from "#lib/domain/errors.ts";
import { GUEST_LIMITS } from "#lib/domain/guest-lines.ts";
import type { GuestStreams } from "./metadata-content.ts";
import { MetadataService } from "./metadata-service.ts";
import { type HeardContent, heardContent } from "./testing.ts";
import { Branch, createTree } from "./tree.ts";

const log = pino({ level: "silent" });
const LARGE = Buffer.alloc(5_000_003, "0123456789");
let folder: string;
let socket: string;
let service: MetadataService | null = null;
let content: HeardContent;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "streams-"));
  socket = join(folder, "metadata.sock");
});
afterEach(async () => {
  await service?.close();
  service = null;
  await rm(folder, { recursive: true });
});

const none: GuestStreams = { archive: null, openImport: () => Promise.resolve(null), takeExport: () => Promise.reject(new SlipwayError("conflict", "Nothing is exported.")) };

async function serve(streams: Partial<GuestStreams> | null): Promise<void> {
  content = heardContent(createTree([{ at: "ganeti", versions: ["latest"], branch: new Branch({ slashes: true }) }]), { limits: GUEST_LIMITS, streams: streams === null ? null : { ...none, ...streams } });
  service = await MetadataService.listenUnix(socket, content, log);
}

function call(method: string, path: string, body: Readable | null = null): Promise<{ readonly status: number; readonly bytes: Buffer }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath: socket, method, path, agent: false }, (response) => {
      buffer(response).then((bytes) => resolve({ status: response.statusCode ?? 0, bytes }), reject);
    });
    outgoing.on("error", reject);
    if (body === null) outgoing.end();
    else body.pipe(outgoing);
  });
}

const opened = async (): Promise<Socket> =>
  new Promise((resolve) => {
    const one = connect(socket, () => resolve(one));
  });

describe("streams of an appliance", () => {
  test("give a package and what is imported, whole, and say where there is nothing", async () => {
    await serve({ archive: LARGE, openImport: (index) => Promise.resolve(index === 3 ? { stream: Readable.from([LARGE]), length: LARGE.length } : null) });
    expect((await call("GET", "/ganeti/latest/os/package")).bytes.equals(LARGE)).toBe(true);
    expect((await call("GET", "/ganeti/latest/os/import/3")).bytes.equals(LARGE)).toBe(true);
    expect((await call("GET", "/ganeti/latest/os/import/0")).status).toBe(404);
  });

  test("take what is exported, and answer when all of it is kept", async () => {
    let isKept = false;
    await serve({
      takeExport: async (index, body) => {
        const bytes = await buffer(body);
        expect([index, bytes.equals(LARGE)]).toEqual([15, true]);
        isKept = true;
      },
    });
    expect((await call("POST", "/ganeti/latest/os/export/15", Readable.from([LARGE.subarray(0, 100), LARGE.subarray(100)]))).status).toBe(204);
    expect(isKept).toBe(true);
  });

  test("are an error to whoever takes them when the guest breaks off, and never look whole", async () => {
    const outcome = Promise.withResolvers<string>();
    await serve({ takeExport: (_index, body) => buffer(body).then(() => outcome.resolve("whole"), () => outcome.resolve("broken")).then(() => undefined) });
    const guest = await opened();
    guest.write("POST /ganeti/latest/os/export/0 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
    await vi.waitFor(() => expect(guest.bytesWritten).toBeGreaterThan(0));
    setTimeout(() => guest.destroy(), 50);
    expect(await outcome.promise).toBe("broken");
  });

  test.each([
    ["too_large", 413],
    ["no_room", 507],
    ["conflict", 409],
  ] as const)("answer before all has come where it isn't taken: %s", async (code, status) => {
    await serve({
      takeExport: async (_index, body) => {
        for await (const part of body) if (Buffer.isBuffer(part)) throw new SlipwayError(code, "It isn't taken.");
      },
    });
    const guest = await opened();
    guest.write(`POST /ganeti/latest/os/export/0 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nmore\r\n`);
    const answer = await new Promise<string>((resolve) => guest.once("data", (bytes: Buffer) => resolve(bytes.toString())));
    expect(answer).toContain(` ${String(status)} `);
    guest.destroy();
  });

  test("are read from the guest no quicker than they are taken", async () => {
    const go = Promise.withResolvers<undefined>();
    let taken = 0;
    await serve({
      takeExport: async (_index, body) => {
        await go.promise;
        taken = (await buffer(body)).length;
      },
    });
    const guest = await opened();
    guest.on("error", () => undefined);
    guest.write("POST /ganeti/latest/os/export/0 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    const parts = 512;
    for (let sent = 0; sent < parts; sent += 1) guest.write(Buffer.concat([Buffer.from("10000\r\n"), Buffer.alloc(65_536), Buffer.from("\r\n")]));
    guest.write("0\r\n\r\n");
    await new Promise((resolve) => setTimeout(resolve, 200));
    // What isn't taken has stayed with the guest.
    expect(guest.writableLength).toBeGreaterThan(30 * 1_048_576);
    go.resolve(undefined);
    await vi.waitFor(() => expect(taken).toBe(parts * 65_536), 20_000);
    guest.destroy();
  });

  test("are few at a time", async () => {
    const end = Promise.withResolvers<undefined>();
    await serve({ takeExport: () => end.promise });
    const guests = await Promise.all([opened(), opened()]);
    for (const [index, guest] of guests.entries()) guest.write(`POST /ganeti/latest/os/export/${String(index)} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`);
    await vi.waitFor(async () => expect((await call("GET", "/ganeti/latest/os/package")).status).toBe(503));
    end.resolve(undefined);
    for (const guest of guests) guest.destroy();
    await vi.waitFor(async () => expect((await call("GET", "/ganeti/latest/os/package")).status).toBe(404));
  });

  test("are there for whom they are meant, by their paths and methods alone", async () => {
    await serve(null);
    for (const path of ["package", "os/import/0", "os/export/0"]) expect((await call("GET", `/ganeti/latest/${path}`)).status).toBe(404);
    await service?.close();
    await serve({ archive: LARGE });
    for (const path of ["os/import/16", "os/import/", "os/import/00", "os/export/-1", "os/import/../../package"]) expect((await call("GET", `/ganeti/latest/${path}`)).status, path).toBe(404);
    expect((await call("POST", "/ganeti/latest/os/package", Readable.from(["x"]))).status).toBe(405);
    expect((await call("GET", "/ganeti/latest/os/export/0")).status).toBe(405);
  });
});
