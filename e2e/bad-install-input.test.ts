/**
 * What an install is made of, and what comes after one, as it can't be: refused by the field and never with a value, or found out on the
 * node before anything is touched. Nothing changes by any of it.
 */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { acceptedSchema, Client } from "./client.ts";
import { jobSucceeds } from "./simulated-node.ts";
import { openStack, registerDefinition } from "./stack.ts";

const stack = openStack(inject("upFile"));
const admin = Client.withPassword(stack.consoleUrl, stack.adminUser, stack.adminPassword);
const makeOwner = () => ({ name: `owner-${randomBytes(4).toString("hex")}`, password: randomBytes(12).toString("hex") });
const [owner, stranger] = [makeOwner(), makeOwner()];
const asOwner = Client.withPassword(stack.consoleUrl, owner.name, owner.password);
const asStranger = Client.withPassword(stack.consoleUrl, stranger.name, stranger.password);
const name = `solid-${randomBytes(4).toString("hex")}`;
const at = `/api/v1/instances/${name}`;
const passphrase = "a long passphrase";

/** What no answer may repeat. */
const CANARY = `canary${randomBytes(8).toString("hex")}`;
const RAW = "https://images.example.test/system.raw";
const TGZ = "https://files.example.test/site.tgz";
const LONG = CANARY.repeat(91).slice(0, 2_000);

const anything = z.record(z.string(), z.unknown());
const previewSchema = z.object({ checks: z.array(z.object({ id: z.string(), ok: z.boolean(), text: z.string() })) });
const disk = async (): Promise<string> => {
  const { id } = await admin.call("GET", at, z.object({ id: z.string() }));
  return createHash("sha256").update(readFileSync(path.join(stack.agents[0]?.dataDir ?? "", "instances", id, "disk-0"))).digest("hex");
};
/** Everything that there is to be told of it, what has happened to it apart. */
async function readEverything(): Promise<unknown> {
  const shown = await admin.call("GET", at, anything);
  return [shown["installSource"], shown["parameters"], shown["osType"], shown["adminState"], shown["operState"], shown["disks"], shown["previous"], shown["blockedActions"], await disk(), await admin.call("GET", `${at}/snapshots`, anything)];
}

async function expectRefused(client: Client, method: string, address: string, body: unknown, problem: object): Promise<void> {
  const refused = await client.refused(method, address, body);
  expect(refused).toMatchObject(problem);
  expect(refused.status).toBeGreaterThanOrEqual(400);
  expect(refused.status).toBeLessThan(500);
  expect(JSON.stringify(refused)).not.toContain(CANARY);
}

let before: unknown;
let exportId: string;
let privateSources: readonly string[];
const server = createServer((request, response) => {
  switch (request.url) {
    case "/away.raw":
      response.writeHead(302, { location: `http://127.0.0.2:1/${CANARY}` }).end();
      break;
    case "/small.raw":
      response.writeHead(200, { "content-length": 1_024 }).end(Buffer.alloc(1_024));
      break;
    case "/none.tgz":
      response.writeHead(200, { "content-length": 6 }).end("no tar");
      break;
    case "/large.raw.gz": {
      const bytes = gzipSync(Buffer.alloc(80 * 1_048_576));
      response.writeHead(200, { "content-length": bytes.length }).end(bytes);
      break;
    }
    default:
      response.writeHead(404, { "content-type": "text/html" }).end(`<html>${CANARY}</html>`);
  }
});
// A server that listens on TCP has an address of this kind.
const origin = (): string => `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ({ privateSources } = await admin.call("GET", "/api/v1/cluster", z.object({ privateSources: z.array(z.string()) })));
  await admin.call("PATCH", "/api/v1/cluster", anything, { privateSources: ["127.0.0.1"] });
  for (const account of [owner, stranger]) await admin.call("POST", "/api/v1/users", anything, { ...account, role: "owner" });
  await registerDefinition(stack, "booter");
  const { installId } = await admin.call("POST", "/api/v1/instances", acceptedSchema, {
    name,
    owner: owner.name,
    osType: "booter+default",
    memoryMib: 128,
    disks: [{ sizeMib: 64 }, { sizeMib: 16 }],
    nics: [],
    start: false,
    parameters: { private: { remark: "a private remark" }, secret: { passphrase } },
  });
  expect(await admin.follow(installId)).toMatchObject({ state: "done" });
  const made = await admin.call("POST", `${at}/export`, z.object({ installId: z.string(), exportId: z.string() }));
  exportId = made.exportId;
  expect(await admin.follow(made.installId)).toMatchObject({ state: "done" });
  before = await readEverything();
});

afterAll(async () => {
  server.close();
  await admin.send("PATCH", "/api/v1/cluster", { privateSources });
  await admin.send("DELETE", `/api/v1/exports/${exportId}`);
  const { jobId } = await admin.call("DELETE", at, z.object({ jobId: z.number() }));
  await jobSucceeds(admin, jobId);
});

describe("a request that can't be carried out is refused by its field, for a creation, a reinstall and their previews alike", () => {
  const image = (change: object) => ({ image: { location: RAW, format: "raw", ...change } });
  const archive = (change: object) => ({ package: { url: TGZ, ...change } });

  it.each([
    ["an image with a user name and password", image({ location: `https://anna:${CANARY}@images.example.test/system.raw` }), "image.location"],
    ["an image at file://", image({ location: `file:///${CANARY}` }), "image.location"],
    ["an image at ftp://", image({ location: `ftp://images.example.test/${CANARY}` }), "image.location"],
    ["an image with a fragment", image({ location: `${RAW}#${CANARY}` }), "image.location"],
    ["an image with a NUL", image({ location: `${RAW}\0${CANARY}` }), "image.location"],
    ["an image whose path leads up", image({ location: `/srv/images/../${CANARY}` }), "image.location"],
    ["an image at a very long address", image({ location: `${RAW}?${CANARY.repeat(200)}` }), "image.location"],
    ["an image of a wrong type", { image: CANARY }, "image"],
    ["an image of a location of a wrong type", image({ location: [CANARY] }), "image.location"],
    ["an image without a format", { image: { location: RAW } }, "image.format"],
    ["an image of an unknown format", image({ format: `vmdk${CANARY}` }), "image.format"],
    ["an image of an unknown compression", image({ compression: CANARY }), "image.compression"],
    ["an image with a checksum of another length", image({ checksum: { sha256: CANARY } }), /^image\.checksum/],
    ["an image with a checksum of another kind", image({ checksum: { md5: CANARY } }), "image.checksum"],
    ["an image with an unknown field", image({ backing: CANARY }), "image.backing"],
    ["a package with a user name and password in its address", archive({ url: `https://anna:${CANARY}@files.example.test/site.tgz` }), "package.url"],
    ["a package on the node", archive({ url: `/srv/${CANARY}.tgz` }), "package.url"],
    ["a package at file://", archive({ url: `file:///${CANARY}.tgz` }), "package.url"],
    ["a package of another kind", archive({ url: `https://files.example.test/${CANARY}.zip` }), "package.url"],
    ["a package that only its query calls one", archive({ url: `https://files.example.test/${CANARY}?site.tar.gz` }), "package.url"],
    ["a user name of 2,000 characters", archive({ username: LONG, password: CANARY }), "package.username"],
    ["a password of 2,000 characters", archive({ username: "anna", password: LONG }), "package.password"],
    ["a password with a NUL", archive({ username: "anna", password: `${CANARY}\0` }), "package.password"],
    ["a password with a line end", archive({ username: "anna", password: `${CANARY}\r\nX-Other: 1` }), "package.password"],
    ["a password of a wrong type", archive({ username: "anna", password: { text: CANARY } }), "package.password"],
    ["a mask as a password", archive({ username: "anna", password: "********" }), "package.password"],
    ["a user name with a colon", archive({ username: `anna:${CANARY}`, password: CANARY }), "package.username"],
    ["a user name without a password", archive({ username: CANARY }), "package.password"],
    ["a password without a user name", archive({ password: CANARY }), "package.username"],
    ["an unknown installation parameter", { installParameters: { nosuch: CANARY } }, "installParameters.nosuch"],
    ["an unknown boot device", { installParameters: { boot_order: CANARY } }, "installParameters.boot_order"],
    ["a kernel from the network", { installParameters: { kernel_path: `https://images.example.test/${CANARY}` } }, "installParameters.kernel_path"],
    ["a medium whose path leads up", { installParameters: { cdrom_image_path: `/srv/images/../../${CANARY}` } }, "installParameters.cdrom_image_path"],
    ["kernel arguments of two lines", { installParameters: { kernel_args: `quiet\n${CANARY}` } }, "installParameters.kernel_args"],
    ["an installation parameter of a wrong type", { installParameters: { kernel_args: 7 } }, "installParameters.kernel_args"],
    ["confirmation as text", { confirmsFirstBoot: CANARY }, "confirmsFirstBoot"],
  ] as const)("%s", async (_what, body, field) => {
    const problem = { code: "invalid", field: typeof field === "string" ? field : (expect.stringMatching(field) as unknown) };
    await expectRefused(admin, "POST", `${at}/reinstall`, { parameters: { secret: { passphrase } }, ...body }, problem);
    await expectRefused(asOwner, "POST", `${at}/reinstall/preview`, body, problem);
    await expectRefused(admin, "POST", "/api/v1/instances", { name: "never", osType: null, memoryMib: 128, disks: [{ sizeMib: 64 }], ...body }, problem);
    await expectRefused(admin, "POST", "/api/v1/instance-previews", { osType: null, ...body }, problem);
  });

  it.each([
    ["nothing to install from", { osType: null }, { field: "osType" }],
    ["in place as text", { inPlace: CANARY }, { code: "invalid", field: "inPlace" }],
    ["a data disk that isn't there", { replaceDataDisks: [2] }, { field: "replaceDataDisks" }],
    ["the first disk as a data disk", { replaceDataDisks: [0] }, { field: "replaceDataDisks[0]" }],
    ["a data disk twice", { replaceDataDisks: [1, 1] }, { field: "replaceDataDisks" }],
    ["data disks by name", { replaceDataDisks: CANARY }, { field: "replaceDataDisks" }],
    ["another OS definition that isn't there", { osType: `x${CANARY}`.slice(0, 20) }, { field: "osType" }],
  ] as const)("a reinstall with %s", async (_what, body, problem) => {
    await expectRefused(asOwner, "POST", `${at}/reinstall`, { parameters: { secret: { passphrase } }, ...body }, problem);
    await expectRefused(asOwner, "POST", `${at}/reinstall/preview`, body, problem);
  });
});

describe("what turns out on the node ends an install before anything was touched, and the preview says it beforehand", () => {
  it.each([
    ["an address of this machine that nobody allowed", () => ({ image: { location: "http://127.0.0.2:1/system.raw", format: "raw" } }), "source_refused", "image"],
    ["the address of the metadata service", () => ({ image: { location: "http://169.254.169.254/latest/user-data", format: "raw" } }), "source_refused", "image"],
    ["a redirect to one that nobody allowed", () => ({ image: { location: `${origin()}/away.raw`, format: "raw" } }), "source_refused", "image"],
    ["a page that says that there is nothing", () => ({ image: { location: `${origin()}/nothing.raw`, format: "raw" } }), "source_failed", "image"],
    ["an image outside of the node's folders", () => ({ image: { location: "/etc/passwd", format: "raw" } }), "source_refused", "image"],
    ["a package that isn't there", () => ({ package: { url: `${origin()}/nothing.tgz` } }), "source_failed", "package"],
    ["a medium outside of the node's folders", () => ({ osType: null, installParameters: { cdrom_image_path: "/etc/passwd" } }), "source_refused", "medium"],
  ] as const)("%s", async (_what, source, code, check) => {
    const body = source();
    const { checks } = await asOwner.call("POST", `${at}/reinstall/preview`, previewSchema, body);
    expect(checks.find(({ id }) => id === check)).toMatchObject({ ok: false });
    expect(JSON.stringify(checks)).not.toContain(CANARY);
    await expectFailed(body, code);
  });

  it.each([
    ["a wrong checksum", () => ({ image: { location: `${origin()}/small.raw`, format: "raw", checksum: { sha256: "0".repeat(64) } } }), "checksum_mismatch"],
    ["a raw image that is declared qcow2", () => ({ image: { location: `${origin()}/small.raw`, format: "qcow2" } }), "image_refused"],
    ["an image that isn't compressed as it says", () => ({ image: { location: `${origin()}/small.raw`, format: "raw", compression: "xz" } }), "image_refused"],
    ["an image that is larger than the disk once it is unpacked", () => ({ image: { location: `${origin()}/large.raw.gz`, format: "raw", compression: "gzip" } }), "disk_too_small"],
  ] as const)("%s", async (_what, source, code) => {
    await expectFailed(source(), code);
  });

  async function expectFailed(source: object, code: string): Promise<void> {
    const { installId } = await admin.call("POST", `${at}/reinstall`, acceptedSchema, { parameters: { secret: { passphrase } }, ...source });
    const install = await admin.follow(installId);
    expect(install).toMatchObject({ state: "failed", error: { code } });
    expect(JSON.stringify(install)).not.toContain(CANARY);
    expect(JSON.stringify(await admin.log(installId))).not.toContain(CANARY);
    expect(await readEverything()).toEqual(before);
  }
});

describe("what comes after an install", () => {
  it.each([
    ["a snapshot without a name", "snapshots", {}, { field: "name" }],
    ["a snapshot named as a path", "snapshots", { name: `../${CANARY}` }, { field: "name" }],
    ["a snapshot with blanks in its name", "snapshots", { name: `a ${CANARY}` }, { field: "name" }],
    ["a snapshot with a NUL in its name", "snapshots", { name: "a\0b" }, { field: "name" }],
    ["a snapshot with a very long name", "snapshots", { name: "a".repeat(64) }, { field: "name" }],
    ["a snapshot of a disk that isn't there", "snapshots", { name: "a", disks: [7] }, { field: "disks" }],
    ["a snapshot of no disk", "snapshots", { name: "a", disks: [] }, { field: "disks" }],
    ["a snapshot that isn't there, brought back", "snapshots/nosuch/restore", undefined, { code: "unknown_object" }],
    ["a rollback where nothing is kept", "rollback", {}, { code: "conflict" }],
    ["a rollback with a field that isn't one", "rollback", { to: CANARY }, { field: "to" }],
    ["a rename to no name", "rename", {}, { field: "newName" }],
    ["a rename to a path", "rename", { newName: `../${CANARY}` }, { field: "newName" }],
    ["a rename to its own name", "rename", { newName: name }, { field: "newName" }],
    ["a power action that isn't one", "power", { action: CANARY }, { field: "action" }],
  ] as const)("%s", async (_what, below, body, problem) => {
    await expectRefused(asOwner, "POST", `${at}/${below}`, body, problem);
  });

  it("a snapshot that isn't there, removed", () => expectRefused(asOwner, "DELETE", `${at}/snapshots/nosuch`, undefined, { code: "unknown_object" }));

  it.each([
    ["of an export that isn't there", { exportId: randomUUID() }, { code: "unknown_object" }],
    ["of a path", { exportId: `../${CANARY}` }, { field: "exportId" }],
    ["without what the export doesn't have", {}, { code: "missing_secret", field: "osparams" }],
    ["with a secret sent as public", { parameters: { public: { passphrase: CANARY }, private: { remark: CANARY } } }, { code: "visibility_too_low", field: "osparams.passphrase" }],
    ["to a name that is taken", { name, parameters: { private: { remark: CANARY }, secret: { passphrase: CANARY } } }, { code: "exists", field: "name" }],
    ["to a node that isn't there", { node: "nosuch.example.test", parameters: { private: { remark: CANARY }, secret: { passphrase: CANARY } } }, { field: "node" }],
  ] as const)("an import %s", async (_what, body, problem) => {
    await expectRefused(admin, "POST", "/api/v1/instance-imports", { exportId, name: "never", ...body }, problem);
  });

  it("an owner does nothing of an administrator's", async () => {
    await expectRefused(asOwner, "POST", "/api/v1/instance-imports", { exportId, name: "never", parameters: { secret: { passphrase: CANARY } } }, { code: "not_allowed", status: 403 });
    await expectRefused(asOwner, "POST", "/api/v1/instances", { name: "never", osType: null, image: { location: RAW, format: "raw" }, memoryMib: 128, disks: [{ sizeMib: 64 }] }, { code: "not_allowed", status: 403 });
    for (const change of [{ privateSources: ["0.0.0.0/0"] }, { eraseDisks: false }, { mediumTimeoutSeconds: 1 }, { applianceDigest: "0".repeat(64) }]) await expectRefused(asOwner, "PATCH", "/api/v1/cluster", change, { code: "not_allowed", status: 403 });
    expect((await asOwner.send("GET", "/api/v1/appliances")).status).toBe(403);
  });

  it("nobody else's instance, export, install or receipt is there", async () => {
    const { items } = await admin.call("GET", `/api/v1/installs?instanceName=${name}`, z.object({ items: z.array(z.object({ id: z.string() })) }));
    const install = items[0]?.id ?? "";
    for (const [method, address, body] of [
      ["POST", `${at}/rollback`, {}],
      ["POST", `${at}/rename`, { newName: "stolen" }],
      ["POST", `${at}/export`, undefined],
      ["GET", `${at}/snapshots`, undefined],
      ["POST", `${at}/snapshots`, { name: "a" }],
      ["GET", `/api/v1/exports/${exportId}`, undefined],
      ["DELETE", `/api/v1/exports/${exportId}`, undefined],
      ["GET", `/api/v1/installs/${install}/receipt`, undefined],
      ["POST", `/api/v1/installs/${install}/confirm`, undefined],
    ] as const) {
      expect([address, (await asStranger.send(method, address, body)).status]).toEqual([address, 404]);
    }
    expect(await asStranger.call("GET", "/api/v1/exports", anything)).toMatchObject({ items: [] });
  });

  it("the cluster's settings of it, by a value that can't be", async () => {
    for (const [change, field] of [
      [{ privateSources: [`http://${CANARY}/`] }, /^privateSources/],
      [{ privateSources: ["10.0.0.0/64"] }, /^privateSources/],
      [{ privateSources: CANARY }, /^privateSources/],
      [{ eraseDisks: CANARY }, /^eraseDisks$/],
      [{ mediumTimeoutSeconds: -1 }, /^mediumTimeoutSeconds$/],
      [{ applianceDigest: CANARY }, /^applianceDigest$/],
      [{ applianceDigest: "0".repeat(64) }, /^applianceDigest$/],
    ] as const) {
      await expectRefused(admin, "PATCH", "/api/v1/cluster", change, { field: expect.stringMatching(field) as unknown });
    }
  });

  it("nothing has changed by any of it", async () => {
    expect(await readEverything()).toEqual(before);
  });
});
