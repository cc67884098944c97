import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseSshPublicKey } from "#lib/domain/ssh-keys.ts";
import { ApiClient } from "./api.ts";
import { accessCommand, accessFiles, ensureAccessKey, sshCommand } from "./sample-access.ts";

const HOST_KEY = { type: "ssh-ed25519", key: "AAAAC3NzaC1lZDI1NTE5AAAAIB0oUqQAfLA0fFbHN8bTz1k7v1CwIVpPYSRxA4nIrqRZ" };
const reach = (host: string) => [{ reach: [{ guestPort: 80, host, port: 40_080 }, { guestPort: 22, host, port: 40_022 }] }];
const running = { adminState: "running", status: "running", hostKeys: [HOST_KEY], nics: reach("127.0.0.1") };
let home: string;

beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "slipway-access-"));
});
afterEach(() => {
  vi.unstubAllGlobals();
  rmSync(home, { recursive: true });
});

/** The controller's answer to the one question that is asked. */
function answering(instance: unknown): ApiClient {
  vi.stubGlobal("fetch", () => Promise.resolve(Response.json(instance)));
  return new ApiClient("http://127.0.0.1:1", "admin", "");
}

describe("the way into the sample", () => {
  it("has a key of its own that nobody else can read, and stays the same", async () => {
    const files = accessFiles(path.join(home, "ssh"));
    const line = await ensureAccessKey(files);
    expect(parseSshPublicKey(line)).toMatchObject({ type: "ssh-ed25519", comment: "slipway-up" });
    expect(statSync(files.key).mode & 0o777).toBe(0o600);
    expect(await ensureAccessKey(files)).toBe(line);
  });

  it("makes a pair anew that wasn't made to its end", async () => {
    mkdirSync(path.join(home, "ssh.new"));
    mkdirSync(path.join(home, "ssh"));
    expect(parseSshPublicKey(await ensureAccessKey(accessFiles(path.join(home, "ssh"))))).not.toBeNull();
  });

  it("is a whole command, with the host keys that the API shows", async () => {
    const files = accessFiles(path.join(home, "ssh"));
    await ensureAccessKey(files);
    expect(await accessCommand(answering(running), "debian-1", files)).toBe(`ssh -i ${files.key} -o UserKnownHostsFile=${files.knownHosts} -p 40022 root@127.0.0.1`);
    expect(readFileSync(files.knownHosts, "utf8")).toBe(`[127.0.0.1]:40022 ${HOST_KEY.type} ${HOST_KEY.key}\n`);
  });

  it.each([
    ["it doesn't run", { ...running, adminState: "stopped", status: "stopped" }],
    ["its host keys aren't known", { ...running, hostKeys: null }],
  ])("is none while %s", async (_why, instance) => {
    const files = accessFiles(path.join(home, "ssh"));
    await ensureAccessKey(files);
    expect(await accessCommand(answering(instance), "debian-1", files)).toBeNull();
  });

  it("is none to an instance that was installed before there was a key", async () => {
    expect(await accessCommand(answering(running), "debian-1", accessFiles(path.join(home, "ssh")))).toBeNull();
  });

  it("can be copied whatever the folder is called: ssh gets its file names whole", () => {
    const files = accessFiles(path.join(home, "it's a place"));
    const words = execFileSync("sh", ["-c", `ssh() { printf '%s\\n' "$@"; }; ${sshCommand(files, 40_022)}`], { encoding: "utf8" }).trim().split("\n");
    expect(words).toEqual(["-i", files.key, "-o", `UserKnownHostsFile="${files.knownHosts}"`, "-p", "40022", "root@127.0.0.1"]);
  });
});
