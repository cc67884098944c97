/** Ganeti's own Python client against the running stack, over TLS with verification. */
import { randomBytes } from "node:crypto";
import path from "node:path";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { runOrFail } from "#scripts/process/run.ts";
import { openStack, registerDefinition } from "./stack.ts";

const stack = openStack(inject("upFile"));
const resultSchema = z.record(z.string(), z.unknown());

/** Runs e2e/rapi-client.py and reads the one JSON object that it prints. The password comes from a file. */
async function runClient(instance: string): Promise<z.infer<typeof resultSchema>> {
  const lines: string[] = [];
  await runOrFail("/usr/bin/python3", [path.join(import.meta.dirname, "rapi-client.py"), stack.rapiUrl, stack.caFile, stack.adminUser, stack.adminPasswordFile, instance], {
    cwd: import.meta.dirname,
    environment: { ...process.env, LC_ALL: "C.UTF-8" },
    timeoutMs: 120_000,
    onLine: (line) => lines.push(line),
  });
  return resultSchema.parse(JSON.parse(lines.at(-1) ?? ""));
}

describe("Ganeti's client", () => {
  let result: z.infer<typeof resultSchema>;
  beforeAll(async () => {
    await registerDefinition(stack, "speaker");
    result = await runClient(`rapi-${randomBytes(4).toString("hex")}`);
  }, 150_000);

  it("reads cluster, nodes, definitions and instances", () => {
    expect(result["version"]).toBe(2);
    expect(result["features"]).toEqual(expect.arrayContaining(["instance-create-reqv1", "instance-reinstall-reqv1"]));
    expect(result["os"]).toEqual(expect.arrayContaining(["debian+bookworm", "speaker+default"]));
    expect(result["nodes"]).toEqual([stack.agents[0]?.node]);
  });

  it("creates, reinstalls with private and secret parameters, stops, starts and deletes, and follows each job by waiting", () => {
    expect(result).toMatchObject({ create: "success", reinstall: "success", shutdown: "success", startup: "success", delete: "success" });
  });

  it("never gets a private or secret value back", () => {
    expect(JSON.stringify(result["reinstall_ops"])).toContain('"osparams_secret":{"passphrase":null}');
    expect(JSON.stringify(result)).not.toContain("value-of-the-client");
  });

  it("is told by a failed job that an instance doesn't exist", () => {
    expect(result["missing"]).toBe("error");
  });
});
