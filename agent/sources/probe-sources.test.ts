import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { secretValue } from "#lib/domain/visibility.ts";
import { ImageCache } from "../imaging/image-cache.ts";
import { probeSources } from "./probe-sources.ts";
import { serveFile, startServer, type TestServer } from "./testing-server.ts";

let root: string;
let server: TestServer;
let closed: Promise<unknown> = Promise.resolve();

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "slipway-probe-"));
  execFileSync("qemu-img", ["create", "-q", "-f", "qcow2", join(root, "a.qcow2"), "64M"]);
  const image = await readFile(join(root, "a.qcow2"));
  server = await startServer((request, response) => {
    if (request.url === "/a.qcow2") serveFile(image)(request, response);
    else if (request.url === "/large.iso") {
      closed = new Promise((resolve) => response.on("close", resolve));
      response.writeHead(200, { "Content-Length": 10 ** 9 });
      response.write("beginning");
    } else response.writeHead(403).end();
  });
});
afterEach(async () => {
  await server.close();
  await rm(root, { recursive: true, force: true });
});

describe("the probe of what an install is made of", () => {
  it("says of each whether it can be reached, and how large it is, without fetching it", async () => {
    const cache = await ImageCache.open(join(root, "cache"), 10);
    const { findings } = await probeSources(
      {
        image: { location: `${server.url}/a.qcow2`, format: "qcow2", compression: "none", checksum: null, contentChecksum: null },
        medium: { cdrom_image_path: `${server.url}/large.iso`, kernel_path: "/etc/passwd", boot_order: "cdrom" },
        package: { url: `${server.url}/p.tar.gz?token=canary`, checksum: null, credentials: secretValue("canary:canary") },
        allowPrivate: [],
      },
      { allowPrivate: ["127.0.0.1"], folders: [root] },
      cache,
    );
    expect(findings.map(({ field, ok, virtualBytes }) => [field, ok, virtualBytes])).toEqual([["image", true, 67_108_864], ["medium.cdrom_image_path", true, null], ["medium.kernel_path", false, null], ["package", false, null]]);
    expect(findings[1]).toMatchObject({ bytes: 10 ** 9, text: "The medium can be reached, 954 MiB" });
    expect(findings[3]?.text).toBe("127.0.0.1 answered 403 Forbidden.");
    expect(JSON.stringify(findings)).not.toMatch(/canary/);
    await closed;
  });
});
