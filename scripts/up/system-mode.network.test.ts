import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { z } from "zod";
import type { RunResult } from "#scripts/process/run.ts";
import { run } from "#scripts/process/run.ts";
import type {} from "#scripts/test/require-network.ts";
import { agentConfigFile } from "./agent-mode.ts";
import { homePaths } from "./home.ts";

/** Root's, as this test is: the checkout. A release may be the ordinary user's. */
const checkout = path.resolve(import.meta.dirname, "../..");
const { scratch, user } = inject("network");
const home = path.join(scratch, "home");
const paths = homePaths(home);
const UP_MS = 300_000;

/** Where system mode leaves something on a machine: another folder lies over each of them until these namespaces end. */
const COVERED = ["/usr/local/lib", "/var/log", "/etc"];

let before = "";

beforeAll(() => {
  // A helper of other tests leaves these behind when it ends, for the agent that goes on.
  for (const address of ["169.254.169.254/32", "fd00:ec2::254/128"]) spawnSync("ip", ["address", "delete", address, "dev", "lo"], { stdio: "ignore" });
  before = addressesAndRules();
  for (const [index, place] of COVERED.entries()) {
    const cover = path.join(scratch, `cover${index}`);
    mkdirSync(cover);
    // Accounts, apt's sources and the like are in there.
    if (place === "/etc") cpSync(place, cover, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    chmodSync(cover, 0o755);
    execFileSync("mount", ["--bind", cover, place]);
  }
});
afterAll(async () => {
  await command("down");
  for (const place of COVERED) execFileSync("umount", [place]);
});

async function command(name: "up" | "down", settings: Readonly<Record<string, string>> = {}): Promise<RunResult> {
  return run(process.execPath, [path.join(checkout, `scripts/${name}/main.ts`)], { cwd: checkout, environment: { ...process.env, SLIPWAY_HOME: home, ...settings }, timeoutMs: UP_MS });
}

const helperSchema = z.object({ pid: z.number() });
const upSchema = z.object({ mode: z.string(), consoleUrl: z.url(), agents: z.array(z.object({ node: z.string() })) });
const nodeSchema = z.object({ state: z.string(), mode: z.string() });

async function node(): Promise<z.output<typeof nodeSchema>> {
  const up = upSchema.parse(JSON.parse(readFileSync(paths.up, "utf8")));
  const password = readFileSync(paths.adminPassword, "utf8").trim();
  const answer = await fetch(`${up.consoleUrl}/api/v1/nodes/${up.agents[0]?.node ?? ""}`, { headers: { authorization: `Basic ${Buffer.from(`admin:${password}`).toString("base64")}` } });
  return nodeSchema.parse(await answer.json());
}

function links(): string[] {
  return readdirSync("/sys/class/net").filter((name) => name.startsWith("gnt."));
}

function tables(): string {
  return execFileSync("nft", ["list", "tables"], { encoding: "utf8" });
}

/** What else of the network a helper changes. */
function addressesAndRules(): string {
  return [["address", "show", "dev", "lo"], ["-4", "rule"], ["-6", "rule"], ["-4", "route", "show", "table", "all"]].map((args) => execFileSync("ip", args, { encoding: "utf8" })).join("");
}

function programs(): string[] {
  return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) && existsSync(`/proc/${name}/comm`) ? [readFileSync(`/proc/${name}/comm`, "utf8").trim()] : []));
}

describe("SLIPWAY_MODE=system npm run up", () => {
  test("is refused to anybody but root, in one sentence", async () => {
    const refused = await run("setpriv", [`--reuid=${user}`, `--regid=${user}`, "--clear-groups", "--", inject("network").node, path.join(inject("network").release, "scripts/up/main.ts")], {
      cwd: "/",
      environment: { ...process.env, SLIPWAY_MODE: "system", SLIPWAY_HOME: home },
      timeoutMs: 60_000,
    });
    expect(refused.code).toBe(1);
    expect(refused.tail).toMatch(/^slipway: SLIPWAY_MODE=system makes interfaces.*only root can/);
    expect(existsSync(home)).toBe(false);
  });

  test("installs the sample over a link of its own", { timeout: UP_MS }, async () => {
    const { code, tail } = await command("up", { SLIPWAY_MODE: "system" });
    expect([code, tail]).toEqual([0, expect.stringContaining("installed and booted")]);
    expect(await node()).toEqual({ state: "online", mode: "system" });
    expect(upSchema.parse(JSON.parse(readFileSync(paths.up, "utf8"))).mode).toBe("system");
    expect(programs()).toEqual(expect.arrayContaining(["slipway-helper", "dnsmasq"]));
    expect(tables()).toMatch(/table inet slipway\n/);
    expect(links()).toEqual([]);
    expect(addressesAndRules()).not.toBe(before);
    // As a guest's NIC with a routing table of its own has it, of a helper that was killed before it went.
    execFileSync("ip", ["rule", "add", "iif", "gnt.nic.9", "unreachable"]);
    execFileSync("ip", ["rule", "add", "iif", "gnt.nic.9", "table", "100"]);
    for (const place of ["/usr/local/lib/slipway/slipway-helper", "/usr/local/lib/slipway/slipway-launch", "/etc/slipway/helper.conf"]) {
      const { uid, mode } = statSync(place);
      expect([place, uid, mode & 0o022]).toEqual([place, 0, 0]);
    }
  });

  test("knows a helper that runs, and what an administrator has written", { timeout: UP_MS }, async () => {
    const record = readFileSync("/run/slipway/helper.json", "utf8");
    execFileSync("sed", ["--in-place", "s/^routed_networks=$/routed_networks=192.0.2.0\\/24/", "/etc/slipway/helper.conf"]);
    expect((await command("up", { SLIPWAY_MODE: "system" })).code).toBe(0);
    expect(readFileSync("/run/slipway/helper.json", "utf8")).toBe(record);
    expect(readFileSync("/etc/slipway/helper.conf", "utf8")).toContain("\nrouted_networks=192.0.2.0/24\n");
  });

  test("serves one home directory, and says which", { timeout: UP_MS }, async () => {
    const { code, tail } = await command("up", { SLIPWAY_MODE: "system", SLIPWAY_HOME: path.join(scratch, "other") });
    expect([code, tail]).toEqual([1, expect.stringContaining(`this machine's helper serves ${home}`)]);
  });

  test("is left only when no virtual machine runs", { timeout: UP_MS }, async () => {
    const { code, tail } = await command("up", { SLIPWAY_MODE: "session" });
    expect([code, tail]).toEqual([1, expect.stringContaining("a virtual machine runs in system mode, and can't be taken along to session mode. Stop them first: npm run down")]);
    expect(await node()).toEqual({ state: "online", mode: "system" });
  });
});

describe("npm run down", () => {
  test("takes away all that system mode has made, a helper too whose monitor was killed", { timeout: UP_MS }, async () => {
    process.kill(helperSchema.parse(JSON.parse(readFileSync("/run/slipway/helper.json", "utf8"))).pid, "SIGKILL");
    const { code, tail } = await command("down");
    expect([code, tail]).toEqual([0, expect.stringContaining("helper: stopped")]);
    expect(links()).toEqual([]);
    expect(tables()).toBe("");
    expect(addressesAndRules()).toBe(before);
    expect(readdirSync("/run/slipway")).toEqual([]);
    expect(programs().filter((name) => ["slipway-helper", "dnsmasq"].includes(name))).toEqual([]);
  });
});

describe("npm run up after that", () => {
  test("goes back to session mode with the same data", { timeout: UP_MS }, async () => {
    const { code, tail } = await command("up");
    expect([code, tail]).toEqual([0, expect.stringContaining("the agent goes over to session mode")]);
    expect(await node()).toEqual({ state: "online", mode: "session" });
    expect(JSON.parse(readFileSync(agentConfigFile(paths.agent), "utf8"))).not.toHaveProperty("helper");
    expect(links()).toEqual([]);
    expect(tables()).toBe("");
  });
});
