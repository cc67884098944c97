/** Design: "Parameters: public, private, secret", "How it is proven": plant, run everything, read everything. */
import { randomBytes } from "node:crypto";
import { globSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { API_ROUTES } from "#lib/http/routes.ts";
import { RAPI_RESOURCES } from "#lib/rapi/resources.ts";
import { createScanner, type Canary, type Find, type Scanner } from "#scripts/canary/scan.ts";
import { acceptedSchema, Client, type Answer } from "../client.ts";
import { openStack, registerDefinition } from "../stack.ts";
import { listTables, readInterfaces, scanFiles, scanProcesses, scanTables, waitForJob, withDatabase } from "./read-everything.ts";
import { API_READS, API_WRITES, PAGES, RAPI_READS, SCHEMAS, TABLES, type Objects } from "./register.ts";

const stack = openStack(inject("upFile"));
const canaries: Canary[] = [];

/** A fresh value with characters that each of the encodings has to do something about. */
function plant(name: string, visibility: "private" | "secret"): string {
  const value = `${randomBytes(9).toString("base64url")} "ü/+&=" ${randomBytes(6).toString("hex")}`;
  canaries.push({ name, visibility, value });
  return value;
}

describe("the register", () => {
  it("has every table of the database", async () => {
    const tables = await listTables(stack.databaseUrl);
    expect([...new Set(tables.map((table) => table.split(".", 1)[0]))].toSorted()).toEqual([...SCHEMAS].toSorted());
    expect(tables.filter((table) => table.startsWith("public.")).map((table) => table.slice("public.".length))).toEqual([...TABLES]);
  });

  it("has every route of the API", () => {
    const reads = API_ROUTES.filter(({ method }) => method === "GET").map((route) => route.path);
    const writes = API_ROUTES.filter(({ method }) => method !== "GET").map((route) => `${route.method} ${route.path}`);
    expect(Object.keys(API_READS).toSorted()).toEqual(reads.toSorted());
    expect([...API_WRITES].toSorted()).toEqual(writes.toSorted());
  });

  it("has every path of the remote API", () => {
    expect(Object.keys(RAPI_READS).toSorted()).toEqual(RAPI_RESOURCES.map((resource) => resource.path).toSorted());
  });

  it("has every page", () => {
    const app = path.resolve(import.meta.dirname, "../../app");
    expect(Object.keys(PAGES).toSorted()).toEqual(globSync("**/page.tsx", { cwd: app }).toSorted());
  });
});

describe("private and secret values", () => {
  const seen: Answer[] = [];
  const streamed: Uint8Array[] = [];
  const ownerPassword = randomBytes(12).toString("base64url");
  const during: Find[] = [];
  let scanner: Scanner;
  let objects: Objects;
  let admin: Client;
  let session: Client;
  let owner: Client;

  beforeAll(async () => {
    const keep = (answer: Answer): void => void seen.push(answer);
    await registerDefinition(stack, "speaker");
    admin = Client.withPassword(stack.consoleUrl, stack.adminUser, stack.adminPassword, keep);
    const ownerName = `owner-${randomBytes(4).toString("hex")}`;
    await admin.call("POST", "/api/v1/users", z.object({ name: z.string() }), { name: ownerName, password: ownerPassword, role: "owner" });
    owner = await Client.withSession(stack.consoleUrl, ownerName, ownerPassword, keep);
    session = await Client.withSession(stack.consoleUrl, stack.adminUser, stack.adminPassword, keep);
    const stop = new AbortController();
    const streams = await Promise.all([admin, owner].map((client) => client.stream("/api/v1/events", stop.signal)));
    const reading = streams.map(async (stream) => {
      for await (const piece of stream) streamed.push(piece);
    });

    const name = `canary-${randomBytes(4).toString("hex")}`;
    const body = { name, osType: "speaker+default", owner: ownerName, memoryMib: 128, disks: [{ sizeMib: 64 }] };

    // Created, with a guest that prints what it knows in every form.
    const created = await admin.call("POST", "/api/v1/instances", acceptedSchema, {
      ...body,
      parameters: { public: { behave: "leak", word: "created" }, private: { remark: plant("remark at create", "private") }, secret: { passphrase: plant("passphrase at create", "secret") } },
    });
    expect(await admin.follow(created.installId)).toMatchObject({ state: "done" });

    // Created, and failed.
    const failed = await admin.call("POST", "/api/v1/instances", acceptedSchema, {
      ...body,
      name: `${name}-failed`,
      parameters: { public: { behave: "fail" }, private: { remark: plant("remark at a failed create", "private") }, secret: { passphrase: plant("passphrase at a failed create", "secret") } },
    });
    expect(await admin.follow(failed.installId)).toMatchObject({ state: "failed" });

    // Reinstalled by its owner.
    const again = await owner.call("POST", `/api/v1/instances/${name}/reinstall`, acceptedSchema, {
      parameters: { public: { behave: "leak" }, private: { remark: plant("remark at reinstall", "private") }, secret: { passphrase: plant("passphrase at reinstall", "secret") } },
    });
    expect(await owner.follow(again.installId)).toMatchObject({ state: "done" });

    // Reinstalled over RAPI, and cancelled while it runs; meanwhile the processes are looked at.
    const remark = plant("remark over RAPI", "private");
    const passphrase = plant("passphrase over RAPI", "secret");
    const submitted = await admin.send("POST", `/2/instances/${name}/reinstall`, {
      osparams: { behave: "hang" },
      osparams_private: { remark },
      osparams_secret: { passphrase },
    });
    const job = z.object({ installId: z.string() }).parse((await admin.send("GET", `/api/v1/jobs/${String(submitted.json)}`)).json);
    scanner = createScanner(canaries);
    const hanging = await admin.follow(job.installId, async () => (await admin.log(job.installId)).some(({ text }) => text?.includes("hangs on purpose") === true));
    expect(hanging.state).toBe("installing");
    during.push(...scanProcesses(scanner), ...(await scanTables(stack.databaseUrl, scanner)));
    await admin.send("POST", `/api/v1/jobs/${String(submitted.json)}/cancel`);
    expect(await admin.follow(job.installId)).toMatchObject({ state: "cancelled" });

    // Refused: a secret in too low a class, a mask, a name that doesn't exist, text that isn't JSON.
    const refusals: unknown[] = [
      { parameters: { public: { passphrase: plant("passphrase sent as public", "secret") } } },
      { parameters: { public: { [`x${"y".repeat(80)}`]: plant("value of a name too long", "secret") }, secret: { passphrase: "<redacted>" } } },
      { parameters: { private: { unknown: plant("value of an unknown parameter", "private") } } },
      { parameters: { secret: { passphrase: [plant("value of a wrong type", "secret")] } } },
    ];
    for (const refusal of refusals) expect(await admin.refused("POST", `/api/v1/instances/${name}/reinstall`, refusal)).toHaveProperty("requestId");
    for (const client of [admin, owner]) {
      await client.send("POST", `/api/v1/instances/${name}/reinstall/preview`, {});
    }
    const broken = await fetch(new URL(`/api/v1/instances/${name}/reinstall`, stack.consoleUrl), {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Basic ${Buffer.from(`${stack.adminUser}:${stack.adminPassword}`).toString("base64")}` },
      body: `{"parameters": {"secret": {"passphrase": "${plant("value in broken JSON", "secret").replaceAll('"', "")}`,
    });
    seen.push({ method: "POST", url: "broken JSON", status: broken.status, everything: await broken.text(), json: null });

    objects = { instance: name, install: again.installId, job: String(again.jobId), node: stack.agents[0]?.node ?? "", definition: "speaker" };
    scanner = createScanner(canaries);
    stop.abort();
    await Promise.allSettled(reading);
  }, 300_000);

  it("are in no table, neither while an install runs nor afterwards", async () => {
    expect([...during, ...(await scanTables(stack.databaseUrl, scanner))]).toEqual([]);
  });

  it("are in no answer, page or stream, whoever asks", async () => {
    for (const client of [admin, session, owner]) expect(await readInterfaces(client, objects)).toEqual([]);
    expect(scanner.scan("a long poll", await waitForJob(stack, objects.job))).toEqual([]);
    expect(seen.flatMap(({ method, url, everything }) => scanner.scan(`${method} ${url}`, everything))).toEqual([]);
    expect(scanner.scan("event streams", Buffer.concat(streamed))).toEqual([]);
    expect(Buffer.concat(streamed).length).toBeGreaterThan(1_000);
  });

  it("are in the install's log as <redacted>, each time that the guest said them", async () => {
    const lines = (await admin.log(objects.install)).map(({ text }) => text ?? "");
    for (const said of ["plain", "split", "base64", "shifted", "hex"]) {
      expect(lines.filter((line) => line.startsWith(`${said} `) && line.includes("<redacted>"))).toHaveLength(2);
    }
  });

  it("are in no file but inside the instances' own disks, and every file is known", async () => {
    const { finds, unknown } = await scanFiles(stack.home, scanner);
    expect(finds).toEqual([]);
    expect(unknown).toEqual([]);
  });

  it("are in no command line and no environment", () => {
    expect(scanProcesses(scanner)).toEqual([]);
  });

  it("would be found: one planted in a table and one in a file, and nothing else", async () => {
    const [first, second] = canaries;
    if (first === undefined || second === undefined) throw new Error("nothing was planted");
    const file = path.join(stack.home, "log/controller.log.1");
    const place = { actor: "the canary test", interface: "test", request_id: randomBytes(8).toString("hex"), action: "plant", object_kind: "test", outcome: "planted" };
    try {
      writeFileSync(file, `{"body":"${Buffer.from(`user:${first.value}`).toString("base64")}"}\n`);
      await withDatabase(stack.databaseUrl, (client) =>
        client.query(
          "INSERT INTO audit_entry (actor, interface, request_id, action, object_kind, outcome, details) VALUES ($1, $2, $3, $4, $5, $6, $7)",
          [...Object.values(place), JSON.stringify({ value: second.value })],
        ),
      );
      const found = new Set([...(await scanTables(stack.databaseUrl, scanner)), ...(await scanFiles(path.join(stack.home), scanner)).finds.filter((find) => !find.place.startsWith("file postgres/"))].map((find) => `${find.canary} in ${find.place}`));
      expect([...found].toSorted()).toEqual([`${first.name} in file log/controller.log.1`, `${second.name} in table public.audit_entry`].toSorted());
    } finally {
      rmSync(file, { force: true });
      await withDatabase(stack.databaseUrl, (client) => client.query("DELETE FROM audit_entry WHERE request_id = $1", [place.request_id]));
    }
  });
});
