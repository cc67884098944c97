import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { archiveOf } from "#lib/os-definitions/testing.ts";
import { ARCHIVE_BODY } from "./limits.ts";
import { answer } from "./route.ts";
import { API_ROUTES } from "./routes.ts";
import type { Account, TestServices } from "./testing-services.ts";
import { basic, startTestServices } from "./testing-services.ts";

let fixture: TestServices;
beforeAll(async () => {
  fixture = await startTestServices();
});
afterAll(() => fixture.stop());

interface Asked {
  readonly as?: Account;
  readonly type?: string;
  readonly body?: BodyInit;
}

/** Asks for an address as it stands in a program, and finds its route as Next.js would. */
async function ask(method: string, address: string, { as = "owner", type = "application/x-tar", body }: Asked = {}): Promise<{ readonly status: number; readonly json: unknown }> {
  const url = new URL(address, "http://slipway.example.test");
  const parts = url.pathname.split("/");
  const params: Record<string, string> = {};
  const route = API_ROUTES.find(({ method: of, path }) => {
    const pattern = path.split("/");
    return of === method && pattern.length === parts.length && pattern.every((part, index) => part.startsWith("{") || part === parts[index]);
  });
  if (route === undefined) throw new Error(`${method} ${address} is not in the register`);
  route.path.split("/").forEach((part, index) => {
    if (part.startsWith("{")) params[part.slice(1, -1)] = parts[index] ?? "";
  });
  const request = new Request(url, { method, headers: { ...basic(as), ...(body === undefined ? {} : { "content-type": type }) }, ...(body === undefined ? {} : { body, duplex: "half" }) });
  const response = await answer(fixture.services, route, request, { params: Promise.resolve(params) });
  return { status: response.status, json: await response.json() };
}

const tar = Buffer.from(archiveOf({ "notes.txt": "one\n" }));
const json = (body: unknown): Asked => ({ type: "application/json", body: JSON.stringify(body) });

describe("an archive over the API", () => {
  test("is checked, registered, read and compared, in each of its forms", async () => {
    expect(await ask("POST", "/api/v1/os-definition-checks?name=mine", { body: tar })).toMatchObject({ status: 200, json: { name: "mine", nextVersion: 1, diff: null } });
    expect(await ask("POST", "/api/v1/os-definitions/mine/versions", { body: tar })).toMatchObject({ status: 201, json: { owner: "owner", version: 1 } });
    const forms = [
      ["application/gzip", gzipSync(tar)],
      ["application/zstd", zstdCompressSync(tar)],
      ["Application/Octet-Stream", tar],
    ] as const;
    for (const [type, body] of forms) expect(await ask("POST", "/api/v1/os-definitions/mine/versions", { type, body }), type).toMatchObject({ status: 201, json: { version: 1 } });
    const second = Buffer.from(archiveOf({ "notes.txt": "two\n" }));
    expect(await ask("POST", "/api/v1/os-definitions/mine/versions", { body: second })).toMatchObject({ status: 201, json: { version: 2 } });
    expect(await ask("GET", "/api/v1/os-definitions/mine/versions")).toMatchObject({ status: 200, json: { items: [{ version: 2 }, { version: 1 }], nextCursor: null } });
    expect(await ask("GET", "/api/v1/os-definitions/mine/versions/1")).toMatchObject({ status: 200, json: { version: 1, runs: [{ script: "create", places: ["appliance"] }] } });
    expect(await ask("GET", "/api/v1/os-definitions/mine/versions/1/file?path=notes.txt")).toMatchObject({ status: 200, json: { text: "one\n" } });
    expect(await ask("GET", "/api/v1/os-definitions/mine/diff?from=1&to=2")).toMatchObject({ status: 200, json: { files: [{ path: "notes.txt", hunks: [{ lines: ["-one", "+two"] }] }] } });
    expect(await ask("GET", "/api/v1/os-definitions?search=MIN")).toMatchObject({ status: 200, json: { items: [{ name: "mine" }] } });
  });

  test("of the largest size is read while others are answered", async () => {
    const large = archiveOf({ "a.bin": new Uint8Array(8 * 1_048_576 - 1), "b.bin": new Uint8Array(7 * 1_048_576) });
    const started = performance.now();
    const [checked, meanwhile] = await Promise.all([
      ask("POST", "/api/v1/os-definition-checks?name=large", { body: Buffer.concat([large], Math.min(ARCHIVE_BODY.bytes, large.byteLength)) }),
      ask("GET", "/api/v1/os-definitions"),
    ]);
    expect([checked.status, meanwhile.status]).toEqual([200, 200]);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test("is refused by name where it is hostile, and nothing of it is there", async () => {
    const hostile = Buffer.from(archiveOf({ "../../etc/cron.d/evil": "* * * * * root true\n" }));
    expect(await ask("POST", "/api/v1/os-definitions/hostile/versions", { body: hostile })).toMatchObject({ status: 400, json: { code: "invalid" } });
    expect(await ask("GET", "/api/v1/os-definitions/hostile")).toMatchObject({ status: 404 });
  });
});

describe("what is then done with it over the API", () => {
  test("is trusted by an administrator, changed and deleted by its owner, and not there for others", async () => {
    const { digest, serialNo } = z.object({ digest: z.string(), serialNo: z.number() }).parse((await ask("GET", "/api/v1/os-definitions/mine")).json);
    const trust = json({ trusted: true, digest, reason: "looked at it" });
    expect(await ask("POST", "/api/v1/os-definitions/mine/trust", trust)).toMatchObject({ status: 403 });
    expect(await ask("POST", "/api/v1/os-definitions/mine/trust", { ...trust, as: "admin" })).toMatchObject({ status: 200, json: { trusted: { by: "admin", updates: false } } });
    expect(await ask("POST", "/api/v1/os-definitions/mine/trust", { ...json({ trusted: true, digest }), as: "admin" })).toMatchObject({ status: 400, json: { field: "reason" } });
    expect(await ask("POST", "/api/v1/os-definitions/mine/trust", { ...json({ trusted: "yes", digest, reason: "looked at it" }), as: "admin" })).toMatchObject({ status: 400, json: { field: "trusted" } });
    expect(await ask("PATCH", "/api/v1/os-definitions/mine", json({ hidden: true, serialNo }))).toMatchObject({ status: 409, json: { field: "serialNo" } });
    expect(await ask("PATCH", "/api/v1/os-definitions/mine", json({ sharedWith: ["other"] }))).toMatchObject({ status: 200, json: { sharedWith: ["other"] } });
    expect(await ask("PATCH", "/api/v1/os-definitions/mine", { ...json({ hidden: true }), as: "other" })).toMatchObject({ status: 403 });
    expect(await ask("PATCH", "/api/v1/os-definitions/mine", json({ sharedWith: [] }))).toMatchObject({ status: 200 });
    expect(await ask("DELETE", "/api/v1/os-definitions/mine", { as: "other" })).toMatchObject({ status: 404 });
    expect(await ask("DELETE", "/api/v1/os-definitions/mine")).toEqual({ status: 200, json: {} });
    expect(await ask("GET", "/api/v1/os-definitions/mine")).toMatchObject({ status: 404 });
  });

  test("is asked for by a version's number and nothing else", async () => {
    for (const version of ["0", "01", "1e3", "-1", "x", "9999999999"]) expect(await ask("GET", `/api/v1/os-definitions/mine/versions/${version}`)).toMatchObject({ status: 400, json: { field: "version" } });
    expect(await ask("GET", "/api/v1/os-definitions/mine/diff?from=1")).toMatchObject({ status: 400, json: { field: "to" } });
  });
});
