/** Session mode as the API shows it: the sample system is reached by SSH with the host key that is shown, and spoken to over its channel. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { createKey, runOverSsh } from "#agent/e2e/ssh.ts";
import { SSH_KEY_TYPES } from "#lib/domain/ssh-keys.ts";
import { acceptedSchema, Client } from "./client.ts";
import { openStack } from "./stack.ts";

const stack = openStack(inject("upFile"));
const admin = Client.withPassword(stack.consoleUrl, stack.adminUser, stack.adminPassword);
const name = `ssh-${randomBytes(4).toString("hex")}`;
const at = `/api/v1/instances/${name}`;
const folder = mkdtempSync(path.join(tmpdir(), "session-"));
/** What a busy machine without KVM may take to boot the sample; alone it is ten seconds. */
const BOOT_MS = 240_000;
/** An emulated system's sshd has a key to agree on for each kind of key that is asked for. */
const SCAN_SECONDS = 150;

const instanceSchema = z.object({
  communication: z.boolean(),
  hostKeys: z.array(z.object({ type: z.enum(SSH_KEY_TYPES), key: z.string(), fingerprint: z.string() })).min(1),
  nics: z.tuple([z.object({ mode: z.literal("user"), forwards: z.array(z.number()), reach: z.tuple([z.object({ guestPort: z.number(), host: z.string(), port: z.number() })]) })]),
});
const linesSchema = z.object({ items: z.array(z.object({ id: z.string(), kind: z.string(), author: z.string(), text: z.string().nullable() })) });

/** For bash, in a system without a program that speaks HTTP: asks the metadata service, and prints as much as the answer says that it has. */
function http(method: string, target: string, body = ""): string {
  const head = `${method} ${target} HTTP/1.1\\r\\nHost: service\\r\\nContent-Length: ${String(body.length)}\\r\\n\\r\\n`;
  const answer = "n=0; while IFS= read -r line <&3; do line=${line%$'\\r'}; echo \"$line\"; case $line in [Cc]ontent-[Ll]ength:*) n=${line#*: };; '') break;; esac; done; head -c \"$n\" <&3";
  return `exec 3<>/dev/tcp/169.254.169.254/80 || exit 7; printf '${head}%s' '${body}' >&3; ${answer}`;
}

let keyFile: string;
const readInstance = (): Promise<z.infer<typeof instanceSchema>> => admin.call("GET", at, instanceSchema);
/** Runs a line of bash in the system, found and trusted by what the API shows and by nothing else. */
async function inGuest(command: string): Promise<string> {
  const { hostKeys, nics } = await readInstance();
  return runOverSsh(folder, keyFile, nics[0].reach[0], hostKeys, command);
}
async function lines(): Promise<z.infer<typeof linesSchema>["items"]> {
  return (await admin.call("GET", `${at}/channel`, linesSchema)).items;
}

beforeAll(async () => {
  const key = await createKey(folder);
  keyFile = key.file;
  const { installId } = await admin.call("POST", "/api/v1/instances", acceptedSchema, {
    name,
    osType: "debian+bookworm",
    memoryMib: 256,
    disks: [{ sizeMib: 1_024 }],
    sshKeys: [key.line],
    parameters: { public: { ssh_authorized_keys: key.line }, secret: { root_password: randomBytes(12).toString("hex") } },
  });
  expect(await admin.follow(installId, undefined, BOOT_MS)).toMatchObject({ state: "done", error: null });
}, BOOT_MS);

afterAll(async () => {
  await admin.send("DELETE", at);
  rmSync(folder, { recursive: true });
});

describe("the sample system in session mode", () => {
  it("shows exactly the host keys with which it answers, and lets in who knows it by them", async () => {
    const { hostKeys, nics } = await readInstance();
    const { host, port, guestPort } = nics[0].reach[0];
    expect([host, guestPort]).toEqual(["127.0.0.1", 22]);
    const { stdout } = await promisify(execFile)("ssh-keyscan", ["-T", String(SCAN_SECONDS), "-t", "ed25519,ecdsa,rsa", "-p", String(port), host]);
    const scanned = stdout.split("\n").filter((line) => line !== "" && !line.startsWith("#")).map((line) => line.split(" ").slice(1).join(" "));
    expect(hostKeys.map(({ type, key }) => `${type} ${key}`).toSorted()).toEqual(scanned.toSorted());
    const [, fingerprint] = (await inGuest("ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub")).split(" ");
    expect(hostKeys.map((key) => key.fingerprint)).toEqual([fingerprint]);
  }, BOOT_MS);

  it("has no channel before it was switched on, nor before it is started anew", async () => {
    const reached = 'timeout 10 bash -c "</dev/tcp/169.254.169.254/80" 2>/dev/null && echo reached || echo closed';
    expect(await inGuest(reached)).toBe("closed\n");
    expect((await readInstance()).communication).toBe(false);
    expect(await admin.call("PATCH", at, z.object({ appliedAtNextStart: z.array(z.string()) }), { communication: true })).toEqual({ appliedAtNextStart: ["communication"] });
    expect((await readInstance()).communication).toBe(true);
    expect(await inGuest(reached)).toBe("closed\n");
    expect(await admin.refused("POST", `${at}/channel`, { line: "nobody reads this" })).toMatchObject({ code: "conflict", field: "instance" });
    expect(await lines()).toEqual([]);
  });

  it("has it from its next start on, and is reached at the same port", async () => {
    const { nics } = await readInstance();
    await admin.call("POST", `${at}/power`, z.object({ jobId: z.number() }), { action: "reboot", graceSeconds: 0 });
    // Until its sshd listens, connections end.
    await expect.poll(() => inGuest(http("GET", "/latest/meta-data/local-hostname")).catch(() => "not yet"), { timeout: BOOT_MS, interval: 1_000 }).toMatch(new RegExp(`^HTTP/1.1 200 OK\n(.+\n)*\n${name}$`));
    expect((await readInstance()).nics[0].reach).toEqual(nics[0].reach);
    expect(await inGuest(http("GET", "/openstack/latest/meta_data.json"))).toContain("anna@example.org");
  }, BOOT_MS);

  it("reads a line that was sent to it, once, and what it says is shown at once, each with its author", async () => {
    const { id } = await admin.call("POST", `${at}/channel`, z.object({ id: z.uuid() }), { line: "a line for the guest" });
    expect(await admin.call("POST", `${at}/channel`, z.object({ id: z.uuid() }), { id, line: "a line for the guest" })).toEqual({ id });
    expect(await inGuest(http("GET", "/ganeti/latest/read"))).toMatch(/\n\na line for the guest\n$/);
    expect(await inGuest(http("GET", "/ganeti/latest/read"))).toMatch(/\n\n$/);

    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(new Error("no event has told of the guest's line")), 60_000);
    try {
      const events = await admin.stream("/api/v1/events", abort.signal);
      expect(await inGuest(http("POST", "/ganeti/latest/write", "a line of the guest"))).toMatch(/^HTTP\/1.1 204 /);
      let told = "";
      for await (const piece of events) {
        told += Buffer.from(piece).toString("utf8");
        if ((await lines()).some(({ text }) => text === "a line of the guest") && told.includes("instance.lines")) break;
      }
      const [newest, before] = await lines();
      expect(newest).toMatchObject({ kind: "log", author: "guest", text: "a line of the guest" });
      expect(before).toMatchObject({ kind: "message", author: `user ${stack.adminUser}`, text: "a line for the guest" });
      expect(told).toContain(JSON.stringify({ type: "instance.lines", name, lastId: newest?.id }));
    } finally {
      clearTimeout(timer);
      abort.abort();
    }
  });
});
