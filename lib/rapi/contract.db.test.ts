import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Account, TestServices } from "#lib/http/testing-services.ts";
import { startTestServices } from "#lib/http/testing-services.ts";
import { RECORDED_DIFFERENCES } from "./testing-differences.ts";
import { seedRecordedCluster, seedRecordedJob } from "./testing-cluster.ts";
import type { RapiAnswer, RapiTestServer } from "./testing-client.ts";
import { startRapiTestServer } from "./testing-client.ts";
import { differences } from "./testing-shapes.ts";

const FOLDER = path.join(import.meta.dirname, "fixtures");

interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly statusLine: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly json: unknown;
}

function recorded(name: string): Exchange {
  const [start = "", ...bodyLines] = readFileSync(path.join(FOLDER, `${name}.req`), "utf8").split("\n");
  const [method = "", address = ""] = start.split(" ");
  const [status = "", ...headerLines] = readFileSync(path.join(FOLDER, `${name}.hdr`), "utf8").split(/\r?\n/);
  const text = readFileSync(path.join(FOLDER, `${name}.json`), "utf8");
  const headers = headerLines.filter((line) => line.includes(": ")).map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)] as const);
  return { method, path: address, body: bodyLines.join("\n").trim(), statusLine: status.replace("HTTP/1.1 ", ""), headers: Object.fromEntries(headers), text, json: JSON.parse(text) };
}

let fixture: TestServices;
let server: RapiTestServer;

beforeAll(async () => {
  fixture = await startTestServices();
  await seedRecordedCluster(fixture);
  for (const name of ["job11", "job13_err"]) await seedRecordedJob(fixture, recorded(name).json);
  server = await startRapiTestServer(fixture);
});
afterAll(async () => {
  await server.stop();
  await fixture.stop();
});

async function replay(name: string, options: { readonly as?: Account | null; readonly type?: string; readonly headers?: Record<string, string> } = {}): Promise<{ exchange: Exchange; answer: RapiAnswer }> {
  const exchange = recorded(name);
  const answer = await server.ask(exchange.method, exchange.path, {
    as: options.as === undefined ? "admin" : options.as,
    ...(exchange.body === "" ? {} : { body: exchange.body }),
    headers: { ...(options.type === undefined ? {} : { "content-type": options.type }), ...options.headers },
  });
  expect(answer.statusLine).toBe(exchange.statusLine);
  expect(answer.headers["content-type"]).toBe(exchange.headers["Content-Type"]);
  expect(answer.headers["www-authenticate"]).toBe(exchange.headers["WWW-Authenticate"]);
  expect(answer.text.endsWith("\n")).toBe(true);
  return { exchange, answer };
}

describe("a recorded answer that is always the same", () => {
  test.each([
    ["root"],
    ["two"],
    ["version"],
    ["features"],
    ["os"],
    ["os_bulk"],
    ["e400_badjson"],
    ["e400_nover"],
    ["e400_ver2"],
    ["e400_unknownparam"],
    ["e404_inst"],
    ["e404_job"],
    ["e404_path"],
    ["e501_method"],
    ["e501_post_info"],
    ["wait"],
    ["wait_nosuch"],
  ])("comes back byte for byte: %s", async (name) => {
    const { exchange, answer } = await replay(name);
    expect(answer.text).toBe(exchange.text);
  });

  test.each([
    ["e401", null],
    ["e401_version", null],
  ] as const)("comes back without an account: %s", async (name, as) => {
    const { exchange, answer } = await replay(name, { as });
    expect(answer.text).toBe(exchange.text);
  });

  test("comes back for a wrong password", async () => {
    const { exchange, answer } = await replay("e401_badpw", { as: null, headers: { authorization: `Basic ${Buffer.from("admin:not it").toString("base64")}` } });
    expect(answer.text).toBe(exchange.text);
  });

  test.each([["text/plain"], ["application/json; charset=utf-8"], ["application/x-www-form-urlencoded"]])("comes back for a body of type %s", async (type) => {
    const { exchange, answer } = await replay("e415", { type });
    expect(answer.text).toBe(exchange.text);
  });

  test("comes back for somebody who may not write", async () => {
    const exchange = recorded("e403_readpost");
    const answer = await server.ask("DELETE", "/2/instances/inst2.example.test", { as: "owner" });
    expect([answer.statusLine, answer.text]).toEqual([exchange.statusLine, exchange.text]);
  });
});

describe("a recorded object", () => {
  const seen = new Set<string>();

  test.each([
    ["info"],
    ["instances"],
    ["instances_bulk"],
    ["instance2"],
    ["jobs"],
    ["jobs_bulk"],
    ["job11"],
    ["job13_err"],
    ["nodes"],
    ["nodes_bulk"],
    ["node1"],
  ])("has the same form here, field for field: %s", async (name) => {
    const { exchange, answer } = await replay(name);
    const found = differences(exchange.json, answer.json);
    const allowed = RECORDED_DIFFERENCES.filter((one) => one.exchange === name).map(({ difference }) => difference);
    for (const one of found) seen.add(`${name} ${one}`);
    expect(found.filter((one) => !allowed.includes(one))).toEqual([]);
  });

  test("differs everywhere where it is said that it does", () => {
    expect(RECORDED_DIFFERENCES.filter(({ exchange, difference }) => !seen.has(`${exchange} ${difference}`))).toEqual([]);
  });

  test("has its fields in Ganeti's order, which clients print", async () => {
    for (const name of ["instance2", "node1", "job11", "info"]) {
      const { exchange, answer } = await replay(name);
      expect(Object.keys(answer.json ?? {})).toEqual(Object.keys(exchange.json ?? {}));
    }
  });

  test("says of a job what was recorded of it, times to the millisecond apart", async () => {
    await seedRecordedJob(fixture, recorded("paused_job").json);
    for (const name of ["job11", "job13_err", "paused_job"]) {
      const { exchange, answer } = await replay(name);
      expect(roundTimes(answer.json)).toEqual(roundTimes(exchange.json));
    }
  });
});

/** Our database keeps microseconds and our clock has milliseconds. */
function roundTimes(value: unknown): unknown {
  if (Array.isArray(value)) {
    const [seconds, micros] = value as readonly unknown[];
    if (value.length === 2 && typeof seconds === "number" && seconds > 1e9 && typeof micros === "number") return [seconds, Math.floor(micros / 1000) * 1000];
    return value.map(roundTimes);
  }
  if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, roundTimes(member)]));
  return value;
}
