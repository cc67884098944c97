/** What comes after an install: back to the system of before, snapshots, in place, export, import, rename, rescue, receipts (docs/installing.md). */
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { run } from "#scripts/process/run.ts";
import { daemonEnvironment } from "#scripts/up/daemon-environment.ts";
import { openStack, registerDefinition } from "../stack.ts";
import { makeDisk } from "./images.ts";
import { Place } from "./place.ts";
import { Terminal } from "./terminal.ts";

const stack = openStack(inject("upFile"));
const id = randomBytes(3).toString("hex");
const first = `first-${id}`;
const second = `second-${id}`;
const third = `third-${id}`;
const manifestSchema = z.object({ manifest: z.looseObject({ files: z.array(z.object({ index: z.number(), name: z.string(), sha256: z.string(), bytes: z.number() })), parameters: z.array(z.looseObject({ name: z.string() })) }) });

let place: Place;
let image: { readonly location: string; readonly format: "raw" };
const parameters = (word: string) => ({ public: { word }, private: { remark: `a remark on ${word}` }, secret: { passphrase: "a long passphrase" } });
const word = (value: string): unknown => expect.arrayContaining([expect.objectContaining({ name: "word", value })]);

beforeAll(async () => {
  await registerDefinition(stack, "booter");
  place = await Place.open(stack);
  image = { location: place.serve("/system.raw", await makeDisk("up by an image")), format: "raw" };
  expect(await place.create(first, { osType: "booter+default", disks: [{ sizeMib: 32 }, { sizeMib: 16 }], parameters: parameters("one") })).toMatchObject({ state: "done", error: null });
});

afterAll(() => place.close());

describe("a rollback", () => {
  it("brings back disk, parameters, source and power of before", async () => {
    await place.boots(first, "up by a definition, one");
    const before = await place.read(first);
    await place.stop(first);
    expect(await place.reinstall(first, { osType: null, image })).toMatchObject({ state: "done", error: null });
    expect(await place.read(first)).toMatchObject({ osType: null, operState: "stopped", parameters: [], installSource: { image: { location: image.location } }, previous: { osType: "booter+default" } });
    await place.does("POST", `/api/v1/instances/${first}/rollback`, { start: true });
    await place.boots(first, "up by a definition, one");
    const { previous, ...after } = await place.read(first);
    const { previous: _none, ...expected } = before;
    expect(after).toEqual(expected);
    expect(previous).toMatchObject({ osType: null });
  });

  it("is taken back by another one", async () => {
    await place.does("POST", `/api/v1/instances/${first}/rollback`, { graceSeconds: 0 });
    await place.boots(first, "up by an image");
    expect(await place.read(first)).toMatchObject({ osType: null, operState: "running", previous: { osType: "booter+default" } });
    await place.does("POST", `/api/v1/instances/${first}/rollback`, { graceSeconds: 0 });
    await place.boots(first, "up by a definition, one");
    expect(await place.read(first)).toMatchObject({ osType: "booter+default", parameters: word("one"), installSource: {} });
  });
});

describe("a snapshot", () => {
  const at = `/api/v1/instances/${first}/snapshots`;

  it("is taken of a stopped instance alone, and brings its disks back", async () => {
    expect(await place.admin.refused("POST", at, { name: "before" })).toMatchObject({ code: "conflict", status: 409 });
    await place.stop(first);
    const digest = await place.digestOfDisk(first);
    await place.does("POST", at, { name: "before" });
    expect(await place.reinstall(first, { parameters: parameters("two") })).toMatchObject({ state: "done", error: null });
    expect(await place.fileIn(first, "/etc/word")).toBe("two\n");
    await place.does("POST", `${at}/before/restore`);
    expect(await place.digestOfDisk(first)).toBe(digest);
    expect(await place.fileIn(first, "/etc/word")).toBe("one\n");
    await place.does("DELETE", `${at}/before`);
    expect(await place.admin.call("GET", at, z.object({ items: z.array(z.unknown()) }))).toEqual({ items: [] });
  });
});

describe("an install in place", () => {
  it("writes to the disk itself and keeps nothing to go back to", async () => {
    const { previous } = await place.read(first);
    const install = await place.reinstall(first, { inPlace: true, parameters: parameters("three"), start: true });
    expect(install).toMatchObject({ state: "done", error: null });
    expect(await place.readInstall(install.id)).toMatchObject({ plan: { inPlace: true }, overwritten: true });
    await place.boots(first, "up by a definition, three");
    // That of before is the one that was kept before.
    expect((await place.read(first)).previous).toEqual(previous);
  });

  it("that fails says that there is no system any more, and another one makes it good", async () => {
    await place.stop(first);
    const failed = await place.reinstall(first, { inPlace: true, parameters: { public: { word: "four", behave: "fail" }, secret: { passphrase: "a long passphrase" } } });
    expect(failed).toMatchObject({ state: "failed", error: { code: "script_failed" } });
    expect(await place.readInstall(failed.id)).toMatchObject({ overwritten: true });
    expect(await place.read(first)).toMatchObject({ operState: "stopped" });
    expect(await place.reinstall(first, { parameters: { public: { word: "five", behave: "install" }, secret: { passphrase: "a long passphrase" } }, start: true })).toMatchObject({ state: "done", error: null });
    await place.boots(first, "up by a definition, five");
  });
});

describe("an export", () => {
  let exportId: string;

  it("has the instance's disks as files with digests, and the instance runs again", async () => {
    const accepted = await place.admin.call("POST", `/api/v1/instances/${first}/export`, z.object({ installId: z.string(), exportId: z.string() }));
    exportId = accepted.exportId;
    expect(await place.admin.follow(accepted.installId)).toMatchObject({ state: "done", error: null });
    const { manifest } = await place.admin.call("GET", `/api/v1/exports/${exportId}`, manifestSchema);
    expect(manifest.files.map(({ index, name }) => [index, name])).toEqual([[0, "disk-0.dump"], [1, "disk-1.dump"]]);
    expect(manifest.parameters).toEqual(
      expect.arrayContaining([
        { name: "word", visibility: "public", value: "five" },
        { name: "remark", visibility: "private", fingerprint: expect.any(String) as unknown },
        { name: "passphrase", visibility: "secret" },
      ]),
    );
    expect(await place.read(first)).toMatchObject({ operState: "running" });
  });

  it("becomes an instance on another node, with parameters of its own", async () => {
    const node = stack.agents[0]?.node ?? "";
    expect(await place.admin.refused("POST", "/api/v1/instance-imports", { exportId, name: second, node })).toMatchObject({ code: "missing_secret" });
    place.keepAccount(second);
    const imported = await place.install("/api/v1/instance-imports", { exportId, name: second, node, parameters: { public: { word: "imported" }, private: { remark: "another" }, secret: { passphrase: "another one" } } });
    expect(imported).toMatchObject({ state: "done", error: null });
    await place.boots(second, "up by an import, imported");
    expect(await place.fileIn(second, "/etc/word")).toBe("five\n");
    expect(await place.read(second)).toMatchObject({ node, osType: "booter+default", parameters: word("imported") });
    await place.admin.call("DELETE", `/api/v1/exports/${exportId}`, z.object({ id: z.literal(exportId) }));
    expect((await place.admin.send("GET", `/api/v1/exports/${exportId}`)).status).toBe(404);
  });
});

describe("a rename", () => {
  it("is told to the system by its definition's script", async () => {
    place.keepAccount(third);
    expect(await place.install(`/api/v1/instances/${second}/rename`, { newName: third })).toMatchObject({ state: "done", error: null });
    await place.boots(third, `up as ${third}, once ${second}`);
    expect((await place.admin.send("GET", `/api/v1/instances/${second}`)).status).toBe(404);
    expect(await place.admin.refused("POST", `/api/v1/instances/${third}/rename`, { newName: first })).toMatchObject({ code: "exists", field: "newName" });
  });
});

describe("a rescue system", () => {
  it("has a shell on the serial console, and the instance's disks", async () => {
    await place.stop(first);
    await place.does("POST", `/api/v1/instances/${first}/power`, { action: "rescue" });
    expect(await place.read(first)).toMatchObject({ operState: "running", rescue: true });
    const terminal = await Terminal.open(stack, first);
    terminal.type("\n");
    await terminal.saw(/# /);
    terminal.type("mount /dev/vda1 /mnt && cat /mnt/etc/word && echo rescued >/mnt/etc/word && umount /mnt && echo over-$((1 + 1))\n");
    expect(await terminal.saw(/over-2/)).toContain("five\r\n");
    await terminal.end();
    await place.does("POST", `/api/v1/instances/${first}/power`, { action: "stop" });
    expect(await place.fileIn(first, "/etc/word")).toBe("rescued\n");
    expect(await place.read(first)).toMatchObject({ operState: "stopped", rescue: false });
  });
});

describe("a receipt", () => {
  it("is verified without the cluster, and refused after one byte of it was changed", async () => {
    const { items } = await place.admin.call("GET", "/api/v1/installs?limit=200", z.object({ items: z.array(z.object({ id: z.string(), instanceName: z.string(), state: z.string() })) }));
    const installs = items.filter(({ instanceName }) => [first, third].includes(instanceName));
    expect(new Set(installs.map(({ state }) => state))).toEqual(new Set(["done", "failed"]));
    const keys = await place.admin.call("GET", "/api/v1/receipt-keys", z.object({ items: z.array(z.object({ publicKey: z.string() })) }));
    const folder = mkdtempSync(path.join(tmpdir(), "receipt-"));
    try {
      const keyFile = path.join(folder, "keys.pem");
      writeFileSync(keyFile, keys.items.map(({ publicKey }) => publicKey).join("\n"));
      const verify = async (file: string): Promise<{ readonly code: number; readonly tail: string }> => {
        const root = path.resolve(import.meta.dirname, "../..");
        // Nothing of the cluster: no home of it, and no database.
        const environment = daemonEnvironment({ SLIPWAY_HOME: path.join(folder, "nothing"), DATABASE_URL: "postgresql://nobody@127.0.0.1:1/none" });
        return run(process.execPath, [path.join(root, "cli/main.ts"), "receipt", "verify", file, "--key", keyFile], { cwd: root, environment, timeoutMs: 60_000 });
      };
      const install = installs[0]?.id ?? "";
      const { envelope } = await place.admin.call("GET", `/api/v1/installs/${install}/receipt`, z.object({ envelope: z.looseObject({ payload: z.string() }) }));
      const file = path.join(folder, "receipt.json");
      writeFileSync(file, JSON.stringify(envelope));
      expect(await verify(file)).toMatchObject({ code: 0 });

      const payload = Buffer.from(envelope.payload, "base64");
      const at = payload.indexOf(install);
      payload[at] = payload[at] === 0x61 ? 0x62 : 0x61;
      writeFileSync(file, readFileSync(file, "utf8").replace(envelope.payload, payload.toString("base64")));
      expect(await verify(file)).toMatchObject({ code: 3 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
