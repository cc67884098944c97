/**
 * Design: "Parameters: public, private, secret", "How it is proven": plant, run everything, read everything. This is the short
 * form; `npm run check:canary` is the long one. The table of that section is held here too, cell by cell, by the same run.
 */
import { globSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { API_ROUTES } from "#lib/http/routes.ts";
import { RAPI_RESOURCES } from "#lib/rapi/resources.ts";
import { Ledger } from "#scripts/canary/ledger.ts";
import { startSampler, type ProcessSamples } from "#scripts/canary/sample-processes.ts";
import type { Find } from "#scripts/canary/scan.ts";
import { openStack } from "../stack.ts";
import type { Seen } from "../visibility/row.ts";
import { describeTable } from "../visibility/table.ts";
import { Controls, missedControls } from "./controls.ts";
import { listTables, readSamples } from "./read-everything.ts";
import { API_READS, API_WRITES, FEED, PAGES, RAPI_READS, SCHEMAS, TABLES } from "./register.ts";
import { scanEverything, type Faults } from "./scan-everything.ts";
import { play, type Played } from "./steps.ts";
import { World } from "./world.ts";

const stack = openStack(inject("upFile"));

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

describe("a run with values of every class", () => {
  let ledger: Ledger;
  let world: World;
  let played: Played;
  let faults: Faults;
  let samples: ProcessSamples;
  let controls: Find[];

  beforeAll(async () => {
    const since = Date.now();
    const sampler = await startSampler(stack.home);
    world = await World.open(stack, inject("artifacts").image);
    ledger = new Ledger(world.plants.scanner());
    played = await play(world, ledger);
    const planted = new Controls();
    await planted.plantEnvironment(sampler);
    faults = await scanEverything(world, played.objects, ledger, since);
    samples = await sampler.stop();
    readSamples(samples, ledger);
    controls = await planted.find(stack, samples);
  }, 600_000);

  it("breaks nothing and makes no file that the register doesn't know", () => {
    expect(faults).toEqual({ broken: [], unknownFiles: [] });
  });

  it("was seen: every interface has answered, and the processes that get values were looked at", () => {
    for (const { kind, bytes } of ledger.rows()) expect([kind, bytes > 0 || kind === "removed files held open"]).toEqual([kind, true]);
    const programs = new Set(samples.texts.map(({ program }) => program));
    for (const program of ["server/main.ts", "agent/main.ts", "socat", "qemu-system-x86_64"]) expect([...programs]).toContain(program);
  });

  it("was told of while it happened, by each kind of event", () => {
    const told = Buffer.concat(world.streamed.get("owner") ?? []).toString("utf8");
    for (const [type, isCaused] of Object.entries(FEED)) if (isCaused === "caused") expect(told).toContain(JSON.stringify({ type }).slice(1, -1));
  });

  it("leaves no private or secret value in any place where none may be", () => {
    expect(ledger.leaks()).toEqual([]);
  });

  it("would have shown one: in a table, a file, an environment and the write-ahead log", () => {
    expect(missedControls(controls)).toEqual([]);
  });

  describeTable((): Seen => ({ world, played, ledger, samples }));
});
