import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openDownload } from "./download.ts";
import type { FetchOptions } from "./fetch-options.ts";
import { QUICK, serveFile, startServer, type TestServer } from "./testing-server.ts";

// A name server that changes its mind can't be had without one of our own; everything behind the look-up is real.
vi.mock("node:dns/promises", () => ({ lookup: vi.fn() }));
const answers = vi.mocked(lookup);
let server: TestServer;

beforeEach(async () => {
  server = await startServer(serveFile(Buffer.from("content")));
});
afterEach(async () => {
  answers.mockReset();
  await server.close();
});

function answer(...turns: readonly (readonly string[])[]): void {
  // The overload that is used gives all addresses.
  for (const turn of turns) answers.mockResolvedValueOnce(turn.map((address): LookupAddress => ({ address, family: address.includes(":") ? 6 : 4 })) as unknown as LookupAddress);
}

function fetchName(allowPrivate: readonly string[]): Promise<unknown> {
  const options: FetchOptions = { field: "image.location", policy: { allowPrivate, folders: [] }, signal: new AbortController().signal, mostBytes: 100, limits: { ...QUICK, tries: 1 } };
  return openDownload(`http://images.example.test:${String(server.port)}/x`, options).then(async (source) => {
    const pieces: Buffer[] = [];
    for await (const piece of source.chunks) pieces.push(piece);
    return Buffer.concat(pieces).toString();
  });
}

describe("the host of a source", () => {
  it("is looked up once, and what was checked is what is connected to", async () => {
    answer(["127.0.0.1"], ["169.254.169.254"]);
    expect(await fetchName(["127.0.0.1"])).toBe("content");
    expect(answers).toHaveBeenCalledTimes(1);
    expect(server.requests[0]?.headers.host).toBe(`images.example.test:${String(server.port)}`);
  });

  it("is refused as a whole where one of its addresses is", async () => {
    answer(["127.0.0.1", "10.0.0.1"]);
    await expect(fetchName(["127.0.0.1"])).rejects.toMatchObject({ code: "source_refused" });
    expect(server.requests).toHaveLength(0);
  });

  it("may be allowed by its name", async () => {
    answer(["127.0.0.1"]);
    expect(await fetchName(["images.example.test"])).toBe("content");
  });

  it("is asked at its next address where the first doesn't answer", async () => {
    answer(["127.0.0.77", "127.0.0.1"]);
    expect(await fetchName(["127.0.0.0/8"])).toBe("content");
  });
});
