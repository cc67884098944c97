import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { TestServices } from "#lib/http/testing-services.ts";
import { startTestServices } from "#lib/http/testing-services.ts";
import { REQUEST_LIMITS } from "#lib/http/limits.ts";
import { seedRecordedCluster } from "./testing-cluster.ts";
import type { RapiAnswer, RapiTestServer } from "./testing-client.ts";
import { startRapiTestServer } from "./testing-client.ts";

let fixture: TestServices;
let server: RapiTestServer;

beforeAll(async () => {
  fixture = await startTestServices();
  await seedRecordedCluster(fixture);
  server = await startRapiTestServer(fixture);
});
afterAll(async () => {
  await server.stop();
  await fixture.stop();
});

const jobSchema = z.object({
  status: z.string(),
  ops: z.array(z.record(z.string(), z.unknown())),
  opresult: z.array(z.unknown()),
  summary: z.array(z.string()),
});

/** The number of the job that an answer holds. */
function jobNumber({ json, text }: RapiAnswer): number {
  if (typeof json !== "number") throw new Error(`no job: ${text}`);
  return json;
}

async function jobOf(answer: RapiAnswer): Promise<z.output<typeof jobSchema>> {
  expect([answer.statusLine, answer.text]).toEqual(["200 OK", `${String(answer.json)}\n`]);
  expect(Number.isInteger(answer.json)).toBe(true);
  return jobSchema.parse((await server.ask("GET", `/2/jobs/${String(answer.json)}`)).json);
}

const create = (fields: Record<string, unknown>): string =>
  JSON.stringify({ __version__: 1, mode: "create", disk_template: "file", disks: [{ size: 1024 }], nics: [{}], os: "tinyos+default", pnode: "node1.example.test", ...fields });

describe("a submission over the remote API", () => {
  test("to modify takes whether the instance has the communication mechanism, and says what it can't change", async () => {
    const path = "/2/instances/inst2.example.test/modify";
    const job = await jobOf(await server.ask("PUT", path, { body: JSON.stringify({ instance_communication: true, nics: [], force: false }) }));
    expect(job).toMatchObject({ status: "success", summary: ["INSTANCE_SET_PARAMS(inst2.example.test)"], ops: [{ OP_ID: "OP_INSTANCE_SET_PARAMS", instance_communication: true }] });
    expect(await fixture.services.db.instance.findUnique({ where: { name: "inst2.example.test" } })).toMatchObject({ communication: true });
    expect((await server.ask("PUT", path, { body: JSON.stringify({ hvparams: { kernel_args: "x" } }) })).statusLine).toBe("400 Bad Request");
    expect((await server.ask("PUT", path, { body: JSON.stringify({ unheard_of: 1 }) })).json).toMatchObject({ explain: expect.any(String) as unknown });
    const missing = await jobOf(await server.ask("PUT", "/2/instances/none.example.test/modify", { body: JSON.stringify({ instance_communication: true }) }));
    expect(missing.status).toBe("error");
  });

  test("is answered with a job, and the job has private and secret parameters by name alone", async () => {
    const body = create({ name: "new1.example.test", osparams: { dhcp: "no" }, osparams_private: { root_password: "PLANTED-PRIVATE-1" }, osparams_secret: { token: "PLANTED-SECRET-1" } });
    const job = await jobOf(await server.ask("POST", "/2/instances", { body }));
    expect(job.status).toBe("queued");
    expect(job.summary).toEqual(["INSTANCE_CREATE(new1.example.test)"]);
    expect(job.ops[0]).toMatchObject({ OP_ID: "OP_INSTANCE_CREATE", osparams: { dhcp: "no" }, osparams_private: { root_password: null }, osparams_secret: { token: null } });
    const everything = (await server.ask("GET", "/2/jobs?bulk=1")).text + (await server.ask("GET", "/2/instances?bulk=1")).text + fixture.log();
    expect(everything).not.toContain("PLANTED-");
  });

  test("to reinstall takes private and secret parameters, which Ganeti drops", async () => {
    const body = JSON.stringify({ osparams: { dhcp: "yes" }, osparams_private: { root_password: "PLANTED-PRIVATE-2" }, osparams_secret: { token: "PLANTED-SECRET-2" } });
    const job = await jobOf(await server.ask("POST", "/2/instances/inst10.example.test/reinstall", { body }));
    expect(job.summary).toEqual(["INSTANCE_SHUTDOWN(inst10.example.test)", "INSTANCE_REINSTALL(inst10.example.test)", "INSTANCE_STARTUP(inst10.example.test)"]);
    expect(job.ops[1]).toMatchObject({ osparams: { dhcp: "yes" }, osparams_private: { root_password: null }, osparams_secret: { token: null } });
  });

  test.each([
    ["an instance that isn't there", "POST", "/2/instances/nosuch.example.test/reinstall", "{}"],
    ["a start of an instance that isn't there", "PUT", "/2/instances/nosuch.example.test/startup", undefined],
    ["a parameter that isn't declared", "POST", "/2/instances", create({ name: "new2.example.test", osparams: { nosuch: "1" } })],
    ["a system that isn't there", "POST", "/2/instances", create({ name: "new2.example.test", os: "nosuch+default" })],
    ["no system at all", "POST", "/2/instances", create({ name: "new2.example.test", os: null })],
    ["a private parameter sent in the open", "POST", "/2/instances", create({ name: "new2.example.test", osparams: { root_password: "PLANTED-LOW-3" } })],
    ["a name that is taken", "POST", "/2/instances", create({ name: "inst1.example.test" })],
  ])("for %s is a job that has failed as Ganeti's do", async (_, method, path, body) => {
    const job = await jobOf(await server.ask(method, path, body === undefined ? {} : { body }));
    expect(job.status).toBe("error");
    expect(job.opresult[0]).toEqual(["OpPrereqError", [expect.any(String), expect.stringMatching(/^(wrong_input|unknown_entity|already_exists)$/)]]);
    expect(JSON.stringify(job)).not.toContain("PLANTED-");
    expect(await fixture.services.db.instance.count({ where: { name: "new2.example.test" } })).toBe(0);
  });

  test("as a dry run checks and changes nothing", async () => {
    const job = await jobOf(await server.ask("POST", "/2/instances?dry-run=1", { body: create({ name: "new3.example.test" }) }));
    expect(job).toMatchObject({ status: "success", ops: [{ dry_run: true }] });
    expect(await fixture.services.db.instance.count({ where: { name: "new3.example.test" } })).toBe(0);
    const refused = await jobOf(await server.ask("DELETE", "/2/instances/nosuch.example.test?dry-run=1"));
    expect(refused).toMatchObject({ status: "error", ops: [{ dry_run: true }] });
    await jobOf(await server.ask("DELETE", "/2/instances/inst4.example.test?dry-run=1"));
    expect((await server.ask("GET", "/2/instances/inst4.example.test")).statusLine).toBe("200 OK");
  });

  test.each([
    ["?dry-run=yes", "Invalid value for the &#x27;dry-run&#x27; parameter"],
    ["?no_remember=1", "Invalid body parameters: Parameter &#x27;no_remember&#x27; can&#x27;t be used here: it is not supported"],
  ])("with %s is refused before there is a job", async (query, message) => {
    const answer = await server.ask("PUT", `/2/instances/inst3.example.test/startup${query}`);
    expect(answer.json).toMatchObject({ code: 400, message });
  });
});

describe("an owner", () => {
  test("sees their own instances and jobs alone", async () => {
    expect((await server.ask("GET", "/2/instances", { as: "owner" })).json).toEqual([{ id: "inst2.example.test", uri: "/2/instances/inst2.example.test" }]);
    expect((await server.ask("GET", "/2/instances/inst1.example.test", { as: "owner" })).statusLine).toBe("404 Not Found");
    const id = jobNumber(await server.ask("PUT", "/2/instances/inst1.example.test/shutdown", { body: "{}" }));
    expect((await server.ask("GET", `/2/jobs/${id}`, { as: "owner" })).json).toMatchObject({ id, status: null, ops: null });
    expect((await server.ask("DELETE", `/2/jobs/${id}`, { as: "owner" })).json).toEqual([false, `Job ${id} not found`]);
    expect((await server.ask("GET", "/2/nodes", { as: "owner" })).statusLine).toBe("403 Forbidden");
  });

  test("can't tell another's instance from one that isn't there", async () => {
    const others = await jobOf(await server.ask("POST", "/2/instances/inst1.example.test/reinstall", { as: "owner", body: "{}" }));
    const none = await jobOf(await server.ask("POST", "/2/instances/nosuch.example.test/reinstall", { as: "owner", body: "{}" }));
    expect(JSON.stringify(others.opresult).replaceAll("inst1", "nosuch")).toBe(JSON.stringify(none.opresult));
  });

  test("reinstalls their own", async () => {
    const body = JSON.stringify({ start: false });
    expect((await jobOf(await server.ask("POST", "/2/instances/inst2.example.test/reinstall", { as: "owner", body }))).status).toBe("queued");
  });
});

describe("waiting for a job", () => {
  const wait = (id: number, body: Record<string, unknown>): Promise<RapiAnswer> => server.ask("GET", `/2/jobs/${id}/wait`, { body: JSON.stringify(body) });

  test("is answered at once where the client knows nothing yet", async () => {
    const id = jobNumber(await server.ask("PUT", "/2/instances/inst3.example.test/startup"));
    expect((await wait(id, { fields: ["id", "status"], previous_job_info: null, previous_log_serial: null })).json).toEqual({ job_info: [id, "queued"], log_entries: [] });
    await server.ask("DELETE", `/2/jobs/${id}`);
  });

  test("is answered when the job changes, and not before", async () => {
    const id = jobNumber(await server.ask("PUT", "/2/instances/inst3.example.test/startup"));
    let answered = false;
    const waiting = wait(id, { fields: ["status"], previous_job_info: ["queued"], previous_log_serial: 0 }).finally(() => {
      answered = true;
    });
    // Another client's whole exchange fits in between: whoever answers without waiting has answered by then.
    for (let turns = 0; turns < 5; turns += 1) await server.ask("GET", "/2/jobs");
    expect(answered).toBe(false);
    expect((await server.ask("DELETE", `/2/jobs/${id}`)).json).toEqual([true, `Dequeued job ${id}`]);
    expect((await waiting).json).toMatchObject({ job_info: ["canceled"] });
  });

  test.each([
    [{}, "Required parameter &#x27;fields&#x27; is missing"],
    [{ fields: "status" }, "The &#x27;fields&#x27; parameter should be a list"],
    [{ fields: ["status"], previous_job_info: "queued" }, "The &#x27;previous_job_info&#x27; parameter should be a list"],
    [{ fields: ["status"], previous_job_info: [], previous_log_serial: "1" }, "The &#x27;previous_log_serial&#x27; parameter should be a number"],
  ])("is refused with %j in Ganeti's words", async (body, message) => {
    expect((await wait(1, body)).json).toMatchObject({ code: 400, message });
  });
});

describe("what a client may cost", () => {
  test("ends with the first megabyte of a body", async () => {
    const answer = await server.ask("POST", "/2/instances", { body: " ".repeat(REQUEST_LIMITS.bodyBytes + 1) });
    expect(answer.json).toMatchObject({ code: 413, explain: "Entity is too large." });
    expect(answer.headers["connection"]).toBe("close");
  });

  test("ends with an address of eight thousand characters", async () => {
    expect((await server.ask("GET", `/2/instances?${"a".repeat(REQUEST_LIMITS.urlLength)}`)).statusLine).toBe("414 Request-URI Too Long");
  });

  test.each([["[".repeat(10_000)], ['{"a":NaN}'], ['{"__version__":1,"__version__":1}']])("has no room for what is no JSON of ours", async (body) => {
    expect((await server.ask("POST", "/2/instances", { body })).json).toMatchObject({ code: 400, message: "Unable to parse JSON data" });
  });

  test.each([["/2/instances/"], ["/2/"], ["/version/"], ["/2/instances/../info"], ["/2/jobs/1x"], ["/2/instances/a%2Fb"], ["//2/info"]])("has nothing at %s", async (path) => {
    expect((await server.ask("GET", path)).statusLine).toBe("404 Not Found");
  });
});
