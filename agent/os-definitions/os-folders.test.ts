import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { agentCodeOf, createAgentClient } from "#lib/agent-protocol/client.ts";
import type { AgentClient } from "#lib/agent-protocol/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { readTar } from "#lib/domain/read-tar.ts";
import { startAgentApi } from "../api/server.ts";
import type { AgentApi } from "../api/server.ts";
import { Journal } from "../journal/journal.ts";
import { behaviourByName } from "../simulated/behaviour.ts";
import { SimulatedBackend } from "../simulated/simulated-backend.ts";
import { createTestPki } from "../testing/pki.ts";
import { OsFolders } from "./os-folders.ts";

const LIMITS = { entries: 100, fileBytes: 1_000_000, totalBytes: 1_000_000 };
let scratch: string;
let os: string;
let etc: string;

function makeDefinition(directory: string, script = "#!/bin/sh\n"): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, "ganeti_api_version"), "20\n");
  writeFileSync(path.join(directory, "create"), script, { mode: 0o755 });
}

function contentsOf(tar: Buffer): Record<string, string> {
  const entries = readTar(tar, LIMITS, new SlipwayError("invalid", "short"));
  return Object.fromEntries(entries.flatMap((entry) => (entry.kind === "file" ? [[entry.path, Buffer.from(entry.content).toString()]] : [])));
}

beforeEach(() => {
  scratch = mkdtempSync(path.join(tmpdir(), "slipway-os-folders-"));
  os = path.join(scratch, "os");
  etc = path.join(scratch, "etc");
  mkdirSync(path.join(os, "unfinished"), { recursive: true });
  mkdirSync(etc);
  makeDefinition(path.join(os, "debootstrap"));
});
afterEach(() => rmSync(scratch, { recursive: true }));

describe("OS definitions on a node", () => {
  it("are the subfolders of its roots that say so, each once, from the first root that has it", async () => {
    const second = path.join(scratch, "second");
    makeDefinition(path.join(second, "debootstrap"), "second");
    makeDefinition(path.join(second, "other"));
    const folders = new OsFolders([os, path.join(scratch, "missing"), second]);
    expect(await folders.list()).toEqual({ folders: [{ name: "debootstrap", root: os }, { name: "other", root: second }] });
    expect(contentsOf(await folders.read("debootstrap"))).toMatchObject({ create: "#!/bin/sh\n" });
  });

  it("have the links that Debian gives them, where the administrator lists what they lead to", async () => {
    writeFileSync(path.join(etc, "variants.list"), "default\n");
    symlinkSync(path.join(etc, "variants.list"), path.join(os, "debootstrap/variants.list"));
    expect(contentsOf(await new OsFolders([os, etc]).read("debootstrap"))).toMatchObject({ "variants.list": "default\n" });
    await expect(new OsFolders([os]).read("debootstrap")).rejects.toMatchObject({ code: "invalid", field: "variants.list" });
  });

  it("are none where no root is listed, and none that a link takes out of the roots", async () => {
    makeDefinition(path.join(etc, "elsewhere"));
    symlinkSync(path.join(etc, "elsewhere"), path.join(os, "elsewhere"));
    expect(await new OsFolders([]).list()).toEqual({ folders: [] });
    expect((await new OsFolders([os]).list()).folders.map(({ name }) => name)).toEqual(["debootstrap"]);
    await expect(new OsFolders([os]).read("elsewhere")).rejects.toMatchObject({ code: "unknown_object" });
    expect((await new OsFolders([os, etc]).list()).folders.map(({ name }) => name)).toEqual(["debootstrap", "elsewhere"]);
  });

  it.each(["..", ".", "../etc", "", "unfinished", "debootstrap/..", "a\0b"])("have no other names: %j", async (name) => {
    await expect(new OsFolders([os]).read(name)).rejects.toMatchObject({ code: "unknown_object", field: "name" });
  });
});

describe("a controller", () => {
  let api: AgentApi;
  let client: AgentClient;
  let tar: Buffer | null;

  beforeEach(async () => {
    tar = null;
    const folders = new OsFolders([os]);
    const backend = new SimulatedBackend({ nodeName: "node1", journal: Journal.inMemory(), behaviourOf: behaviourByName, workMs: 0, runsHostScripts: false, onVanish: () => undefined });
    Object.assign(backend, { listOsDefinitions: () => folders.list(), readOsDefinition: (name: string) => (tar === null ? folders.read(name) : Promise.resolve(tar)) });
    const pki = await createTestPki();
    api = await startAgentApi({ host: "127.0.0.1", port: 0, tls: await pki.issue("node1"), allowedClients: ["controller"], backend, log: pino({ level: "silent" }) });
    client = createAgentClient({ address: api.address, serverName: "node1", tls: await pki.issue("controller") });
  });
  afterEach(async () => {
    client.close();
    await api.close({ atOnce: true });
  });

  it("gets the list and a folder as a tar", async () => {
    expect(await client.listOsDefinitions()).toEqual({ folders: [{ name: "debootstrap", root: os }] });
    expect(contentsOf(Buffer.from(await client.fetchOsDefinition("debootstrap")))).toEqual({ create: "#!/bin/sh\n", ganeti_api_version: "20\n" });
  });

  it("is told what is wrong with a folder", async () => {
    symlinkSync("/etc/passwd", path.join(os, "debootstrap/variants.list"));
    const asked = client.fetchOsDefinition("debootstrap");
    await expect(asked).rejects.toMatchObject({ code: "node_refused", field: "variants.list" });
    await expect(asked).rejects.toSatisfy((error) => agentCodeOf(error) === "invalid");
    await expect(client.fetchOsDefinition("unknown")).rejects.toSatisfy((error) => agentCodeOf(error) === "unknown_object");
  });

  it("takes no more than a definition may have, whatever the node sends", async () => {
    tar = Buffer.alloc(19 * 1_048_576);
    await expect(client.fetchOsDefinition("debootstrap")).rejects.toMatchObject({ code: "node_unreachable" });
  });
});
