import { createHash, randomBytes } from "node:crypto";
import type * as os from "node:os";
import { afterEach, describe, expect, it, vi } from "vitest";
import { secretValue } from "#lib/domain/visibility.ts";
import { fetchPackage, MOST_PACKAGE_BYTES } from "./fetch-package.ts";
import { breakOff, QUICK, serveFile, startServer, type TestServer } from "./testing-server.ts";

const CONTENT = randomBytes(300_000);
const SHA256 = createHash("sha256").update(CONTENT).digest("hex");
const SHA512 = createHash("sha512").update(CONTENT).digest("hex");
const POLICY = { allowPrivate: ["127.0.0.1"], folders: ["/"] };
let server: TestServer | null = null;
/** Bytes that the node says are free; null: what is. */
const node = vi.hoisted((): { freeBytes: number | null } => ({ freeBytes: null }));
vi.mock("node:os", async (load) => {
  const original = await load<typeof os>();
  return { ...original, freemem: () => node.freeBytes ?? original.freemem() };
});

afterEach(async () => {
  node.freeBytes = null;
  await server?.close();
});

async function fetchFrom(answer: Parameters<typeof startServer>[0], { path = "/files.tar.gz", ...more }: { path?: string } & Partial<Parameters<typeof fetchPackage>[0]> = {}): ReturnType<typeof fetchPackage> {
  server = await startServer(answer);
  return fetchPackage({ url: server.url + path, checksum: null, credentials: null, ...more }, POLICY, new AbortController().signal, QUICK);
}

describe("a personalization package", () => {
  it("is fetched with its user name and password, which are nobody else's", async () => {
    const credentials = secretValue("user:canary");
    const answer: Parameters<typeof startServer>[0] = (request, response) => {
      if (request.headers.authorization === `Basic ${Buffer.from("user:canary").toString("base64")}`) serveFile(CONTENT)(request, response);
      else response.writeHead(401).end("canary");
    };
    const { bytes, sha256 } = await fetchFrom(answer, { credentials });
    expect([bytes.equals(CONTENT), sha256]).toEqual([true, SHA256]);
    const error: unknown = await fetchFrom((_request, response) => void response.writeHead(401).end("canary"), { credentials, path: "/a.tgz?x=canary" }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "source_failed", field: "package.url", message: "127.0.0.1 answered 401 Unauthorized." });
  });

  it("is held to its checksum, if it has one", async () => {
    expect((await fetchFrom(serveFile(CONTENT), { checksum: { sha512: SHA512 } })).sha256).toBe(SHA256);
    await expect(fetchFrom(serveFile(CONTENT), { checksum: { sha256: "0".repeat(64) } })).rejects.toMatchObject({ code: "checksum_mismatch", field: "package.url" });
  });

  it("isn't taken where the node's memory is nearly taken, by other packages say", async () => {
    node.freeBytes = 200 * 1_048_576;
    await expect(fetchFrom(serveFile(CONTENT))).rejects.toMatchObject({ code: "no_room", field: "package.url" });
  });

  it("is begun anew where it changed on the way", async () => {
    let turn = 0;
    const { sha256 } = await fetchFrom((request, response) => {
      turn += 1;
      if (turn === 1) breakOff(response, randomBytes(CONTENT.length), 100_000, { ETag: '"old"' });
      else serveFile(CONTENT)(request, response);
    });
    expect(sha256).toBe(SHA256);
  });

  it("isn't taken when it is too large for memory, or isn't called what it has to be", async () => {
    await expect(fetchFrom((_request, response) => void response.writeHead(200, { "Content-Length": MOST_PACKAGE_BYTES + 1 }).end("x"))).rejects.toMatchObject({ code: "too_large" });
    await expect(fetchFrom(serveFile(CONTENT), { path: "/files.zip" })).rejects.toMatchObject({ code: "source_refused" });
    await expect(fetchPackage({ url: "/etc/files.tar.gz", checksum: null, credentials: null }, POLICY, new AbortController().signal, QUICK)).rejects.toMatchObject({ code: "source_refused" });
  });
});
