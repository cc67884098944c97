/** Scripts on the host as the agent runs them: the helper is the real one, and so is everything else. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ScrubPatterns } from "#lib/domain/scrub.ts";
import { type Secret, secretValue } from "#lib/domain/visibility.ts";
import { agentFolder, makeDisk, makeTar, withWord } from "../../helper/testing/script.ts";
import { run, TestHelper } from "../../helper/testing/test-helper.ts";
import { GuestEar } from "../channel/guest-ear.ts";
import { HostPipe } from "../channel/host-pipe.ts";
import { ReadPipe } from "../metadata/read-pipe.ts";
import type { HostScriptRun } from "./host-scripts.ts";
import { SystemHostScripts } from "./system-host-scripts.ts";

const MIB = 1_048_576;
const signal = new AbortController().signal;
let helper: TestHelper;
let scripts: SystemHostScripts;

beforeAll(async () => {
  await run("mount", ["-t", "cgroup2", "slipway-test", "/sys/fs/cgroup"]);
  helper = await TestHelper.prepare();
  await helper.configure(["host_scripts=yes", "script_limits=optional"]);
  // This process is the agent.
  await run("sed", ["--in-place", "s/^agent_user=.*/agent_user=root/", join(helper.folder, "helper.conf")]);
  await helper.startDaemon();
  const dataDir = join(helper.folder, "data");
  await mkdir(dataDir);
  scripts = new SystemHostScripts({ socket: helper.socket, program: helper.program("slipway-script"), dataDir, isAllowed: () => true });
}, 60_000);

afterAll(async () => {
  await helper.stop();
  await run("umount", ["/sys/fs/cgroup"]);
});

interface Collected {
  readonly run: HostScriptRun;
  readonly lines: string[];
}

async function prepare(body: string, more: Partial<HostScriptRun> = {}): Promise<Collected> {
  const lines: string[] = [];
  const script = more.script ?? "create";
  const base = {
    installId: "5f7a0f0e-6c1c-4f5c-9a9e-0f6b0c1d2e3f",
    tar: await makeTar(helper, { [script]: `#!/bin/bash\n${body}\n` }),
    script,
    environment: new Map([["PATH", "/usr/sbin:/usr/bin:/sbin:/bin"]]),
    diskPaths: [],
    pipePath: null,
    onLine: (line: Buffer, cut: number): void => void lines.push(cut > 0 ? `${line.toString()} (${String(cut)} cut)` : line.toString()),
    signal,
  };
  return { run: { ...base, ...more }, lines };
}

describe("a script on the host", () => {
  it("is given values of every class, and its lines come one by one", async () => {
    const { run: one, lines } = await prepare('echo "$OSP_A/$OSP_B"; echo second >&2; head -c 5000 /dev/zero | tr "\\0" x; exit 9', {
      environment: new Map<string, string | Secret<string>>([["PATH", "/usr/bin"], ["OSP_A", "public"], ["OSP_B", secretValue("s3cret-value")]]),
    });
    expect(await scripts.run(one)).toEqual({ exitStatus: 9 });
    expect(lines.toSorted()).toEqual(["public/s3cret-value", "second", `${"x".repeat(4_096)} (904 cut)`]);
  });

  it("writes an export as quickly as it is taken, and reads an import", async () => {
    const disk = await makeDisk(helper, 64);
    let bytes = 0;
    let atOnce = 0;
    let most = 0;
    const taking = await prepare("cat /run/slipway/disks/0; echo said >&2", {
      script: "export",
      diskPaths: [disk],
      onOutput: async (chunk) => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        bytes += chunk.length;
        await new Promise((resolve) => setImmediate(resolve));
        atOnce -= 1;
      },
    });
    expect(await scripts.run(taking.run)).toEqual({ exitStatus: 0 });
    expect(bytes).toBe(64 * MIB);
    expect(most).toBe(1);
    expect(taking.lines).toEqual(["said"]);

    const giving = await prepare("cat > /run/slipway/disks/0", { script: "import", diskPaths: [disk], stdin: Readable.from([Buffer.alloc(MIB, 1), Buffer.alloc(MIB, 2)]) });
    expect(await scripts.run(giving.run)).toEqual({ exitStatus: 0 });
    const written = await readFile(disk);
    expect(written.length).toBe(2 * MIB);
    expect(written[2 * MIB - 1]).toBe(2);
  });

  it("need not read what there is for it, but what breaks off while it reads is an error", async () => {
    expect(await scripts.run((await prepare("true", { stdin: Readable.from([Buffer.alloc(8 * MIB)]) })).run)).toEqual({ exitStatus: 0 });
    const broken = new Readable({
      read() {
        this.destroy(new Error("the file has gone"));
      },
    });
    await expect(scripts.run((await prepare("cat; sleep 41001", { stdin: broken })).run)).rejects.toThrow("the file has gone");
    expect(await withWord("41001")).toEqual([]);
  });

  it("talks with the guest", async () => {
    const folder = await agentFolder(helper);
    const heard: string[] = [];
    const ear = new GuestEar({ read: new ReadPipe(), patterns: () => new ScrubPatterns(), step: () => null, onLine: ({ text }) => void heard.push(text ?? "") });
    const pipe = await HostPipe.listen(join(folder, "pipe.sock"), ear, pino({ level: "silent" }));
    const ours = await prepare("coproc socat - UNIX-CONNECT:/run/slipway/pipe.sock; echo ready; echo from-host >&${COPROC[1]}; read -r line <&${COPROC[0]}; echo \"guest said $line\"", { pipePath: join(folder, "pipe.sock") });
    const ended = scripts.run(ours.run);
    await expect.poll(() => heard).toEqual(["from-host"]);
    pipe.pass({ kind: "log", text: "from-guest" });
    expect(await ended).toEqual({ exitStatus: 0 });
    expect(ours.lines).toEqual(["ready", "guest said from-guest"]);
    await pipe.close();
  });
});

describe("a script that is ended", () => {
  it("is gone when the install's signal has been heard, though its output is never taken", async () => {
    const abort = new AbortController();
    const { run: one } = await prepare("trap '' TERM; (setsid sleep 41002 &); yes", { onOutput: () => new Promise<void>(() => undefined), signal: abort.signal });
    const ended = scripts.run(one);
    await expect.poll(async () => (await withWord("41002")).length).toBe(1);
    abort.abort(new Error("cancelled"));
    await expect(ended).rejects.toThrow("cancelled");
    expect(await withWord("41002")).toEqual([]);
  });

  it("has timed out after the seconds that it has", async () => {
    await expect(scripts.run((await prepare("sleep 41003", { seconds: 1 })).run)).rejects.toMatchObject({ code: "timed_out" });
  });

  it("is told as what it is where the helper goes, or where it can't begin", async () => {
    const { run: one } = await prepare("sleep 41004");
    const ended = scripts.run(one).catch((error: unknown) => error);
    await expect.poll(async () => (await withWord("41004")).length).toBe(1);
    process.kill(await helper.worker(), "SIGKILL");
    expect(await ended).toMatchObject({ code: "internal", message: "The node's privileged helper has gone, and the script on the node with it." });
    await expect.poll(() => withWord("41004")).toEqual([]);
    const { run: missing } = await prepare("true", { diskPaths: [join(helper.folder, "no-such-disk")] });
    await expect(scripts.run(missing)).rejects.toMatchObject({ code: "internal" });
    await expect(scripts.run({ ...one, signal: AbortSignal.abort(new Error("too late")) })).rejects.toThrow("too late");
  });
});
