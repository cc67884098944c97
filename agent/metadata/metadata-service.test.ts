import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ScrubPatterns } from "#lib/domain/scrub.ts";
import { type MetadataBody, MetadataService } from "./metadata-service.ts";
import { ReadPipe } from "./read-pipe.ts";
import { WritePipe } from "./write-pipe.ts";

let folder: string;
let socket: string;
let service: MetadataService;
let lines: string[];
let read: ReadPipe;
let refused: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metadata-"));
  socket = join(folder, "metadata.sock");
  await writeFile(join(folder, "untrusted.tar"), "an archive");
  lines = [];
  read = new ReadPipe();
  refused = 0;
  const write = new WritePipe(new ScrubPatterns([]), "token", {
    onLine: (line) => lines.push(line.kind === "log" ? line.text : "progress"),
    onNotice: (text) => lines.push(text),
    onResult: (status) => lines.push(`result ${String(status)}`),
  });
  const text = (content: string) => (): Promise<MetadataBody> => Promise.resolve({ kind: "text", text: content, type: "application/json" });
  const documents = new Map<string, () => Promise<MetadataBody>>([
    ["meta_data.json", text("{}")],
    ["os/parameters.json", text('{"a":1}')],
    ["os/scripts/create", text("#!/bin/sh")],
    ["os/untrusted.tar", () => Promise.resolve({ kind: "file", path: join(folder, "untrusted.tar"), length: 10 })],
  ]);
  service = await MetadataService.listen(socket, { documents, read, write, onContact: () => undefined, onRefused: () => (refused += 1) }, pino({ level: "silent" }));
});
afterEach(async () => {
  await service.close();
  await rm(folder, { recursive: true });
});

function call(method: string, path: string, body: readonly string[] = []): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath: socket, method, path, agent: false }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, body: text });
      });
    });
    outgoing.on("error", reject);
    for (const part of body) outgoing.write(part);
    outgoing.end();
  });
}

describe("the metadata service", () => {
  test("lists every level, directories with a slash", async () => {
    expect(await call("GET", "/")).toEqual({ status: 200, body: "ganeti/" });
    expect((await call("GET", "/ganeti/")).body).toBe("2026-11-20/\nlatest/");
    expect((await call("GET", "/ganeti/latest")).body).toBe("meta_data.json\nos/\nread\nwrite");
    expect((await call("GET", "/ganeti/2026-11-20/os/")).body).toBe("parameters.json\nscripts/\nuntrusted.tar");
    expect((await call("GET", "/ganeti/latest/os/scripts/")).body).toBe("create");
  });

  test("serves documents under a dated version and the latest", async () => {
    for (const version of ["2026-11-20", "latest"]) expect((await call("GET", `/ganeti/${version}/os/parameters.json`)).body).toBe('{"a":1}');
    expect((await call("GET", "/ganeti/latest/os/untrusted.tar")).body).toBe("an archive");
  });

  test("has nothing else, and changes nothing", async () => {
    for (const path of ["/latest/meta-data", "/ganeti/1999-01-01/meta_data.json", "/ganeti/latest/../../etc/passwd", "/ganeti/latest/os/nothing"]) {
      expect((await call("GET", path)).status).toBe(404);
    }
    expect((await call("PUT", "/ganeti/latest/meta_data.json")).status).toBe(405);
    expect((await call("POST", "/ganeti/latest/read")).status).toBe(405);
  });

  test("gives what the host has written once, and is empty otherwise", async () => {
    expect(await call("GET", "/ganeti/latest/read")).toEqual({ status: 200, body: "" });
    read.put(Buffer.from("hello"));
    expect((await call("GET", "/ganeti/latest/read")).body).toBe("hello");
    expect((await call("GET", "/ganeti/latest/read")).body).toBe("");
  });

  test("takes a body in chunks as they come", async () => {
    const streaming = request({ socketPath: socket, method: "POST", path: "/ganeti/latest/write", agent: false });
    const answered = new Promise<number>((resolve) => streaming.on("response", (response) => {
      resolve(response.statusCode ?? 0);
    }));
    streaming.write("one\ntw");
    await expect.poll(() => lines).toEqual(["one"]);
    streaming.end("o\n");
    expect(await answered).toBe(204);
    expect(lines).toEqual(["one", "two"]);
  });

  test("ends a connection that speaks nonsense and goes on", async () => {
    const nonsense = connect(socket);
    nonsense.write("\u0000\u0001 nonsense\r\n\r\n");
    await new Promise((resolve) => nonsense.on("error", () => undefined).once("close", resolve).resume());
    expect((await call("GET", "/")).status).toBe(200);
  });

  test("bounds the connections that a guest can hold", async () => {
    const held = Array.from({ length: 20 }, () => connect(socket).on("error", () => undefined));
    const closed = held.map((connection) => new Promise((resolve) => connection.once("close", resolve)));
    await Promise.race(closed);
    await expect.poll(() => refused).toBe(4);
    for (const connection of held) connection.destroy();
    await Promise.all(closed);
    await expect.poll(async () => (await call("GET", "/").catch(() => ({ status: 0 }))).status).toBe(200);
  });
});
