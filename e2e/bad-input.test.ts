/** The real stack with bad input and bad luck: each gives an error that names the field or the step, and leaves the instance as it was. */
import { randomBytes } from "node:crypto";
import { open } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { acceptedSchema, Client, type Install } from "./client.ts";
import { openStack, registerDefinition } from "./stack.ts";

const stack = openStack(inject("upFile"));
const admin = Client.withPassword(stack.consoleUrl, stack.adminUser, stack.adminPassword);
const name = `bad-${randomBytes(4).toString("hex")}`;
const instanceSchema = z.object({ id: z.string(), status: z.string(), adminState: z.string(), operState: z.string().nullable(), parameters: z.array(z.object({ name: z.string(), visibility: z.string(), value: z.string().optional(), fingerprint: z.string().nullish() })) });
const clusterSchema = z.object({ installTimeoutSeconds: z.number().nullable() });
const passphrase = "a long passphrase";

function readInstance(): Promise<z.infer<typeof instanceSchema>> {
  return admin.call("GET", `/api/v1/instances/${name}`, instanceSchema);
}

/** The mark that the script of the last successful install left at the beginning of the first disk. */
async function diskMark(): Promise<string> {
  const { id } = await readInstance();
  const file = await open(path.join(stack.agents[0]?.dataDir ?? "", "instances", id, "disk-0"), "r");
  try {
    const { buffer } = await file.read(Buffer.alloc(512), 0, 512, 0);
    return buffer.toString("latin1").replace(/\0+$/, "");
  } finally {
    await file.close();
  }
}

async function reinstall(behave: string, more: object = {}): Promise<Install & { jobId: number }> {
  const { installId, jobId } = await admin.call("POST", `/api/v1/instances/${name}/reinstall`, acceptedSchema, {
    parameters: { public: { behave, word: behave }, secret: { passphrase } },
    ...more,
  });
  return { ...(await admin.follow(installId)), jobId };
}

beforeAll(async () => {
  await registerDefinition(stack, "speaker");
  const { installId } = await admin.call("POST", "/api/v1/instances", acceptedSchema, {
    name,
    osType: "speaker+default",
    memoryMib: 128,
    disks: [{ sizeMib: 64 }],
    start: false,
    parameters: { public: { word: "first" }, private: { remark: "kept from the first install" }, secret: { passphrase } },
  });
  expect(await admin.follow(installId)).toMatchObject({ state: "done", percent: 100 });
}, 120_000);

describe("a request that can't be carried out is refused before anything is touched", () => {
  const at = `/api/v1/instances/${name}/reinstall`;
  const valid = { name: "x", osType: "speaker+default", memoryMib: 128, disks: [{ sizeMib: 64 }], parameters: { secret: { passphrase } } };

  it.each([
    ["an unknown OS", "POST", "/api/v1/instances", { ...valid, osType: "nosuch" }, { field: "osType" }],
    ["an unknown variant", "POST", "/api/v1/instances", { ...valid, osType: "speaker+nosuch" }, { field: "osType" }],
    ["an unknown node", "POST", "/api/v1/instances", { ...valid, node: "nosuch.example.test" }, { field: "node" }],
    ["a disk too small", "POST", "/api/v1/instances", { ...valid, disks: [{ sizeMib: 4 }] }, { code: "disk_too_small", field: "disks[0].sizeMib" }],
    ["an unknown parameter", "POST", at, { parameters: { public: { nosuch: "1" }, secret: { passphrase } } }, { code: "unknown_parameter", field: "osparams.nosuch" }],
    ["a secret sent as public", "POST", at, { parameters: { public: { passphrase } } }, { code: "visibility_too_low", field: "osparams.passphrase" }],
    ["a private parameter sent as public", "POST", at, { parameters: { public: { remark: "x" }, secret: { passphrase } } }, { code: "visibility_too_low", field: "osparams.remark" }],
    ["a secret that must be sent again", "POST", at, {}, { code: "missing_secret", field: "osparams.passphrase" }],
    ["a mask in the place of a secret", "POST", at, { parameters: { secret: { passphrase: "********" } } }, { code: "invalid" }],
  ] as const)("%s", async (_what, method, address, body, problem) => {
    const refused = await admin.refused(method, address, body);
    expect(refused).toMatchObject(problem);
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(refused.status).toBeLessThan(500);
    expect(JSON.stringify(refused)).not.toContain(passphrase);
  });

  it("a name that is taken", async () => {
    expect(await admin.refused("POST", "/api/v1/instances", { ...valid, name })).toMatchObject({ code: "exists", field: "name" });
  });
});

describe("somebody without an account", () => {
  it("can't have pictures made, which would be written beside the program, and the controller goes on", async () => {
    for (const width of [64, 640]) {
      expect((await fetch(new URL(`/_next/image?url=%2Ficon.svg&w=${String(width)}&q=75`, stack.consoleUrl))).status).toBe(404);
      expect((await fetch(new URL("/healthz", stack.consoleUrl))).status).toBe(200);
    }
  });
});

describe("an install that goes wrong leaves disk, power and parameters as they were", () => {
  async function expectUntouched(): Promise<void> {
    expect(await diskMark()).toBe("marked-by-first");
    const instance = await readInstance();
    expect(instance).toMatchObject({ adminState: "stopped", operState: "stopped" });
    const parameters = Object.fromEntries(instance.parameters.map((parameter) => [parameter.name, parameter]));
    expect(parameters["word"]).toMatchObject({ visibility: "public", value: "first" });
    expect(parameters["remark"]).toMatchObject({ visibility: "private" });
    expect(parameters["passphrase"]).toMatchObject({ visibility: "secret" });
  }

  it("a script that fails", async () => {
    const install = await reinstall("fail");
    expect(install).toMatchObject({ state: "failed", error: { code: "script_failed", step: "speak" } });
    expect(install.error?.message).toContain("3");
    await expectUntouched();
    const job = await admin.call("GET", `/api/v1/jobs/${String(install.jobId)}`, z.object({ status: z.string(), error: z.object({ code: z.string() }).nullable() }));
    expect(job).toMatchObject({ status: "error", error: { code: "script_failed" } });
  });

  it("a machine that powers off without a report", async () => {
    expect(await reinstall("silent")).toMatchObject({ state: "failed", error: { code: "guest_silent" } });
    await expectUntouched();
  });

  it("a script that hangs past the cluster's timeout, whatever it says meanwhile", async () => {
    const { installTimeoutSeconds } = await admin.call("GET", "/api/v1/cluster", clusterSchema);
    await admin.call("PATCH", "/api/v1/cluster", clusterSchema, { installTimeoutSeconds: 15 });
    try {
      expect(await reinstall("hang")).toMatchObject({ state: "timed_out", error: { code: "timed_out" } });
    } finally {
      await admin.call("PATCH", "/api/v1/cluster", clusterSchema, { installTimeoutSeconds });
    }
    await expectUntouched();
  }, 90_000);

  it("a cancel in the middle", async () => {
    const { installId, jobId } = await admin.call("POST", `/api/v1/instances/${name}/reinstall`, acceptedSchema, { parameters: { public: { behave: "hang" }, secret: { passphrase } } });
    await admin.follow(installId, async () => (await admin.log(installId)).some(({ text }) => text?.includes("hangs on purpose") === true));
    expect(await admin.refused("POST", `/api/v1/instances/${name}/reinstall`, { parameters: { secret: { passphrase } } })).toMatchObject({ code: "conflict", status: 409 });
    await admin.send("POST", `/api/v1/jobs/${String(jobId)}/cancel`);
    expect(await admin.follow(installId)).toMatchObject({ state: "cancelled" });
    await expectUntouched();
  });
});

describe("a guest that floods", () => {
  afterAll(async () => {
    await admin.send("DELETE", `/api/v1/instances/${name}`);
  });

  it("is cut short in the log, is told so, and the install goes on to its end", async () => {
    const install = await reinstall("flood");
    expect(install.state).toBe("done");
    const log = await admin.log(install.id);
    expect(log.length).toBeLessThan(25_000);
    expect(log.some(({ kind, text }) => kind === "notice" && text?.includes("left out") === true)).toBe(true);
    expect(await diskMark()).toBe("marked-by-flood");
  }, 120_000);
});
