import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DaemonPlace } from "./daemon.ts";
import { ensureDaemon, findDaemon, logFile, stopDaemon } from "./daemon.ts";
import { isRunning } from "./identity.ts";

let directory: string;
let place: DaemonPlace;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "slipway-daemon-"));
  place = { runDirectory: directory, logDirectory: path.join(directory, "log") };
});
afterEach(async () => {
  await stopDaemon("sleeper", place);
  rmSync(directory, { recursive: true });
});

const READY = `process.send({ type: "ready" }); process.disconnect();`;

function spec(source: string, version = "1") {
  const program = path.join(directory, "program.mjs");
  writeFileSync(program, `process.on("SIGTERM", () => process.exit()); ${source}; setInterval(() => {}, 60_000);`);
  return { name: "sleeper", program, args: [], cwd: directory, environment: process.env, version, readyTimeoutMs: 5_000 };
}

describe("a daemon", () => {
  test("is started once it says that it is ready, and not started again", async () => {
    const first = await ensureDaemon(spec(READY), place);
    const second = await ensureDaemon(spec(READY), place);
    expect([first.started, second.started]).toEqual([true, false]);
    expect(second.identity.pid).toBe(first.identity.pid);
  });

  test("of another version takes the place of the one that runs", async () => {
    const first = await ensureDaemon(spec(READY), place);
    const second = await ensureDaemon(spec(READY, "2"), place);
    expect(second.started).toBe(true);
    expect(isRunning(first.identity)).toBe(false);
  });

  test("is started again after kill -9", async () => {
    const first = await ensureDaemon(spec(READY), place);
    process.kill(first.identity.pid, "SIGKILL");
    await expect.poll(() => isRunning(first.identity)).toBe(false);
    expect((await ensureDaemon(spec(READY), place)).started).toBe(true);
  });

  test("isn't taken for a later process with its number", async () => {
    const { identity } = await ensureDaemon(spec(READY), place);
    const record = path.join(directory, "sleeper.json");
    const written = readFileSync(record, "utf8");
    writeFileSync(record, JSON.stringify({ ...identity, startTicks: "1", version: "1" }));
    expect(findDaemon("sleeper", place)).toBeNull();
    writeFileSync(record, written);
  });

  test("that ends before it is ready is an error with what it said", async () => {
    await expect(ensureDaemon(spec(`console.error("no port left"); process.exit(3)`), place)).rejects.toThrow(/status 3[^]*no port left/);
    expect(findDaemon("sleeper", place)).toBeNull();
  });

  test("that never becomes ready is ended", async () => {
    await expect(ensureDaemon({ ...spec(""), readyTimeoutMs: 300 }, place)).rejects.toThrow("isn't ready after 0.3 s");
    expect(findDaemon("sleeper", place)).toBeNull();
  });

  test("that isn't Node's is ready once it takes connections", async () => {
    const socket = path.join(directory, "socket");
    // As an earlier process leaves it behind: there, and nobody listens.
    writeFileSync(socket, "");
    const native = { ...spec(""), program: "/usr/bin/socat", args: [`UNIX-LISTEN:${socket},fork,unlink-early`, "PIPE"], socket };
    const { identity, started } = await ensureDaemon(native, place);
    expect([started, isRunning(identity), statSync(socket).isSocket()]).toEqual([true, true, true]);
    await expect(ensureDaemon({ ...native, version: "2", args: ["nonsense"] }, place)).rejects.toThrow(/status 1/);
  });

  test("has a log that only its user can read, and no core dumps", async () => {
    const { identity } = await ensureDaemon(spec(`console.log("hello"); ${READY}`), place);
    expect(statSync(logFile("sleeper", place)).mode & 0o777).toBe(0o600);
    expect(readFileSync(`/proc/${identity.pid}/limits`, "utf8")).toMatch(/Max core file size\s+0\s+0/);
  });
});
