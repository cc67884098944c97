/** Trusted scripts: what they get, what they don't, and that nothing of them is left. */
import { once } from "node:events";
import { chmod, chown, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { agentFolder, makeDisk, makeTar, Script, withWord } from "./testing/script.ts";
import { AGENT_USER, TestHelper, output, run } from "./testing/test-helper.ts";

const OPTIONAL = ["host_scripts=yes", "script_limits=optional"];
/** Forks out of its session, hears no signal, and is known by its argument. */
const daemonise = (word: string): string => `setsid bash -c 'trap "" TERM INT HUP; while :; do sleep ${word}; done' </dev/null >/dev/null 2>&1 &`;

let helper: TestHelper;

beforeAll(async () => {
  await run("mount", ["-t", "cgroup2", "slipway-test", "/sys/fs/cgroup"]);
  helper = await TestHelper.start(OPTIONAL);
}, 60_000);

afterAll(async () => {
  await helper.stop();
  await run("umount", ["/sys/fs/cgroup"]);
});

async function groups(): Promise<string[]> {
  return (await readdir("/sys/fs/cgroup/slipway-scripts", { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

async function nothingIsLeft(word: string): Promise<void> {
  await expect.poll(() => withWord(word)).toEqual([]);
  await expect.poll(groups).toEqual([]);
  await expect.poll(() => readdir(join(helper.runFolder, "scripts"))).toEqual([]);
}

async function begins(script: Script, word: string): Promise<void> {
  await expect.poll(() => script.said).toBe("started\n");
  await expect.poll(async () => (await withWord(word)).length).toBeGreaterThan(0);
}

describe("a script", () => {
  it("has its environment, its input and nothing else, and its exit status is told", async () => {
    const script = await Script.start(helper, { environment: { OSP_SECRET: "two words", PATH: "/usr/bin" }, body: 'env | sort; pwd; umask; ls /proc/self/fd | wc -l; ulimit -c; cat; echo to-stderr >&2; echo $0 $# > /dev/stdout; exit 7' });
    script.write("what it reads\n");
    await script.ended();
    expect(script.said).toBe("started\nended status=7 why=exit\n");
    expect(script.output).toBe("OSP_SECRET=two words\nPATH=/usr/bin\nPWD=/run/slipway/os\nSHLVL=1\n_=/usr/bin/env\n/run/slipway/os\n0022\n4\n0\nwhat it reads\n/run/slipway/os/create 0\n");
    expect(script.errors).toBe("to-stderr\n");
  });

  it("has values on no command line and in no file", async () => {
    const value = "canary-8d1f2c";
    const script = await Script.start(helper, { environment: { OSP_X: value }, body: "sleep 40001" });
    await begins(script, "40001");
    const lines = await Promise.all((await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
    expect(lines.join("\n")).not.toContain(value);
    expect(await output("sh", "-c", `grep -rlF ${value} '${helper.folder}' || true`)).toBe("");
    expect(JSON.stringify(helper.log.items)).not.toContain(value);
    script.letGo();
    await script.ended();
    await nothingIsLeft("40001");
  });

  it("writes to its disks, and to those of an export not", async () => {
    const disk = await makeDisk(helper, 1);
    await Script.run(helper, { arguments: ["--disk", disk], body: "printf written | dd of=/run/slipway/disks/0 conv=notrunc status=none" });
    expect((await readFile(disk)).subarray(0, 7).toString()).toBe("written");
    const script = await Script.run(helper, { name: "export", arguments: ["--read-only", "--disk", disk], body: "printf changed | dd of=/run/slipway/disks/0 conv=notrunc status=none || head -c 7 /run/slipway/disks/0" });
    expect(script.output).toBe("written");
  });

  it("finds its definition's other files, and can't change them", async () => {
    const tar = await makeTar(helper, { create: "#!/bin/sh\n. ./common.sh\necho x > common.sh || echo refused", "common.sh": "echo common" });
    const script = await Script.run(helper, { tar });
    expect(script.output).toBe("common\nrefused\n");
  });

  it("sees none of the host's processes, services, temporary files and groups of control, and not the agent's folder", async () => {
    const folder = await agentFolder(helper);
    await writeFile(join(folder, "private"), "");
    const script = await Script.run(helper, { arguments: ["--hide", folder], body: `ls ${folder}; ls -A /tmp /var/tmp /dev/shm /sys/fs/cgroup; ls /run /run/slipway; ps -e -o comm= | sort | uniq -c | wc -l; echo 1 > /proc/sys/kernel/sysrq || echo refused; hostname elsewhere` });
    // Its own first process, its shell, and its pipeline's.
    expect(script.output).toMatch(/^\/dev\/shm:\n\n\/sys\/fs\/cgroup:\n\n\/tmp:\n\n\/var\/tmp:\n\/run:\nlock\nslipway\n\n\/run\/slipway:\ndisks\nos\n[2-6]\nrefused\n$/);
    expect(await output("hostname")).not.toBe("elsewhere\n");
  });

  it("mounts, makes loop devices and nodes, and changes its root; it can't load modules, set the clock or reach into the network's settings", async () => {
    const disk = await makeDisk(helper, 16);
    const script = await Script.run(helper, {
      arguments: ["--disk", disk],
      body: [
        "set -e",
        "loop=$(losetup --show --find /run/slipway/disks/0)",
        "mkfs.ext4 -q $loop && mkdir /tmp/target && mount $loop /tmp/target",
        "mknod /tmp/target/null c 1 3 && chown 1000:1000 /tmp/target/null",
        "chroot / true && echo made",
        "grep CapBnd /proc/self/status",
        "ip link add dummy7 type dummy 2>/dev/null || echo no-network",
        "date -s 2000-01-01 2>/dev/null >/dev/null || echo no-clock",
        "umount /tmp/target && losetup --detach $loop",
      ].join("\n"),
    });
    expect(script.errors).toBe("");
    expect(script.output).toBe("made\nCapBnd:\t00000000882401ff\nno-network\nno-clock\n");
    expect(script.said).toContain("status=0");
  });

  it("talks on the agent's socket", async () => {
    const socket = join(await agentFolder(helper), "pipe.sock");
    const server = createServer((peer) => peer.on("data", (data: Buffer) => peer.end(`heard ${data.toString()}`))).listen(socket);
    await once(server, "listening");
    await chown(socket, AGENT_USER.uid, AGENT_USER.gid);
    await chmod(socket, 0o600);
    const script = await Script.run(helper, { arguments: ["--pipe", socket], body: "echo hello | socat -t 5 - UNIX-CONNECT:/run/slipway/pipe.sock" });
    expect(script.output).toBe("heard hello\n");
    server.close();
  });
});

describe("a script that doesn't want to end", () => {
  it("leaves nothing that it has started: not a daemon that hears no signal, not a mount, not a loop device", async () => {
    const disk = await makeDisk(helper, 16);
    const script = await Script.run(helper, { arguments: ["--disk", disk], body: `${daemonise("40002")}\nloop=$(losetup --show --find /run/slipway/disks/0); mkfs.ext4 -q $loop; mkdir /tmp/t; mount $loop /tmp/t; echo kept > /tmp/t/file; exit 0` });
    expect(script.said).toBe("started\nended status=0 why=exit\n");
    // Told only once all of it is so.
    expect(await withWord("40002")).toEqual([]);
    expect(await output("losetup", "--associated", disk)).toBe("");
    expect(await output("debugfs", "-R", "cat /file", disk)).toBe("kept\n");
    await nothingIsLeft("40002");
  });

  it("is killed with everything when the agent lets go, and that is told when it is so", async () => {
    const script = await Script.start(helper, { body: `trap "" TERM INT HUP\n${daemonise("40003")}\nwhile :; do sleep 40003; done` });
    await begins(script, "40003");
    script.letGo();
    await script.ended();
    expect(await withWord("40003")).toEqual([]);
    await nothingIsLeft("40003");
  });

  it("is killed when its time is up, however much it says", async () => {
    const script = await Script.run(helper, { arguments: ["--seconds", "2"], body: `${daemonise("40004")}\nexec yes` });
    expect(script.said).toBe("started\nended status=137 why=time\n");
    await nothingIsLeft("40004");
  });

  it("is killed when it fills a pipe that nobody empties, once the agent lets go", async () => {
    const script = await Script.start(helper, { body: "yes & exec sleep 40005" });
    await begins(script, "40005");
    script.letGo();
    await script.ended();
    await nothingIsLeft("40005");
  });

  it.each([
    ["the program that the agent has started", async (script: Script) => {
      script.kill();
      await script.ended();
    }],
    ["the worker", async () => process.kill(await helper.worker(), "SIGKILL")],
  ])("dies with %s", async (_what, kill) => {
    const disk = await makeDisk(helper, 16);
    const script = await Script.start(helper, { arguments: ["--disk", disk], body: `losetup --find /run/slipway/disks/0\n${daemonise("40006")}\nsleep 40006` });
    await begins(script, "40006");
    await expect.poll(() => output("losetup", "--associated", disk)).not.toBe("");
    await kill(script);
    await script.ended();
    await nothingIsLeft("40006");
    await expect.poll(() => output("losetup", "--associated", disk)).toBe("");
    await expect.poll(async () => (await Script.run(helper)).said).toBe("started\nended status=0 why=exit\n");
  });

  it("dies with the monitor, and none begins until a helper is started", async () => {
    const script = await Script.start(helper, { body: `${daemonise("40007")}\nsleep 40007` });
    await begins(script, "40007");
    process.kill(helper.monitor, "SIGKILL");
    await script.ended();
    expect(script.said).toBe("started\nended status=137 why=helper\n");
    await nothingIsLeft("40007");
    expect((await Script.run(helper)).said).toBe("error not_allowed the helper's monitor is gone\n");
    await helper.startDaemon();
    expect((await Script.run(helper)).said).toBe("started\nended status=0 why=exit\n");
  });

  it("is ended when the helper is", async () => {
    const script = await Script.start(helper, { body: `${daemonise("40008")}\nsleep 40008` });
    await begins(script, "40008");
    await helper.stopDaemon();
    await script.ended();
    await nothingIsLeft("40008");
    await helper.startDaemon();
  });
});

describe("the agent's user", () => {
  it("gets nothing run by an archive that isn't one, that leads out, or without the script", async () => {
    const folder = await agentFolder(helper);
    await symlink("/etc", join(folder, "evil"));
    await writeFile(join(folder, "plain"), "no archive");
    await run("tar", ["--create", "--file", join(folder, "out.tar"), "--directory", folder, "--transform", "s,plain,evil/slipway-was-here,", "evil", "plain"]);
    await run("tar", ["--create", "--absolute-names", "--file", join(folder, "up.tar"), "--directory", folder, "--transform", "s,plain,../../../tmp/slipway-was-here,", "plain"]);
    expect((await Script.run(helper, { tar: join(folder, "plain") })).said).toMatch(/^error failed definition: /);
    for (const tar of ["out.tar", "up.tar"]) expect((await Script.run(helper, { tar: join(folder, tar) })).said).toMatch(/^error failed (definition|script): /);
    expect(await output("sh", "-c", "ls -d /etc/slipway-was-here /tmp/slipway-was-here 2>/dev/null || true")).toBe("");
    const other = await makeTar(helper, { import: "#!/bin/sh\ntrue" });
    expect((await Script.run(helper, { tar: other })).said).toBe("error failed script: No such file or directory\n");
  });

  it("hands over only what it could open itself, and of the kind that is asked for", async () => {
    const folder = await agentFolder(helper);
    const rootsFile = join(helper.folder, "roots");
    await writeFile(rootsFile, "root's", { mode: 0o644 });
    await symlink(rootsFile, join(folder, "disk"));
    expect((await Script.run(helper, { arguments: ["--disk", join(folder, "disk")] })).said).toMatch(/Permission denied\n$/);
    expect((await Script.run(helper, { arguments: ["--read-only", "--disk", folder] })).said).toBe("error invalid a disk isn't a file opened as asked for\n");
    expect((await Script.run(helper, { arguments: ["--pipe", helper.socket] })).said).toBe("error invalid pipe: not a socket of the agent's\n");
    expect((await Script.run(helper, { arguments: ["--pipe", rootsFile] })).said).toBe("error invalid pipe: not a socket of the agent's\n");
    expect((await Script.run(helper, { arguments: ["--hide", "/etc"] })).said).toBe("error invalid hide: not a folder of the agent's\n");
    expect((await Script.run(helper, { name: "../../bin/sh", tar: await makeTar(helper, { x: "" }) })).said).toMatch(/^error invalid /);
  });

  it("can't have as many descriptors held as it likes, nor any with another request", async () => {
    // What is dropped ends by itself, and what isn't is ended: what was said until then is what counts.
    const hand = async (count: number, request: string): Promise<string> => {
      const asUser = ["--reuid", String(AGENT_USER.uid), "--regid", String(AGENT_USER.gid), "--clear-groups"];
      const all = ["-c", 'timeout 3 "$@" || true', "hand", "setpriv", ...asUser, helper.program("slipway-frames"), "hand", helper.socket, String(count), request];
      return (await output("sh", ...all)).split("\n").slice(1).join("\n");
    };
    const before = (await readdir(`/proc/${String(await helper.worker())}/fd`)).length;
    expect(await hand(5, "2 script name=create disks=1")).toBe("2 error invalid not as many descriptors came as the request names\n");
    expect(await hand(100, "2 script name=create disks=1")).toBe("");
    expect(await hand(3, "2 end")).toBe("2 error unknown no script runs on this connection\n");
    await expect.poll(async () => (await readdir(`/proc/${String(await helper.worker())}/fd`)).length).toBe(before);
  });

  it("alone is answered", async () => {
    expect((await Script.run(helper, { user: { uid: 2, gid: 1 } })).said).toMatch(/^(error failed helper: |lost)/);
  });

  it("is told of a host where more run than there may", async () => {
    const scripts = await Promise.all(Array.from({ length: 16 }, () => Script.start(helper, { body: "sleep 40009" })));
    for (const script of scripts) await expect.poll(() => script.said).toBe("started\n");
    expect((await Script.run(helper)).said).toBe("error taken 16 scripts run on this host\n");
    for (const script of scripts) script.letGo();
    for (const script of scripts) await script.ended();
    await nothingIsLeft("40009");
  });
});

describe("the administrator's file", () => {
  const restart = async (...lines: readonly string[]): Promise<void> => {
    await helper.stopDaemon();
    await helper.configure(lines);
    await helper.startDaemon();
  };

  it("lets none run unless it says so", async () => {
    await restart();
    const agent = await helper.connect();
    expect(await agent.ask("hello version=1")).toContain("scripts=no limits=none");
    expect((await Script.run(helper)).said).toBe("error not_allowed host_scripts isn't yes in the administrator's file\n");
    await agent.end();
  });

  it("lets none run where they can't be limited, unless it says that limits are optional", async () => {
    await restart("host_scripts=yes");
    const agent = await helper.connect();
    const hello = await agent.ask("hello version=1");
    // A machine whose control groups of version 2 have these limits runs it.
    if (hello.includes("limits=memory,pids,cpu")) expect((await Script.run(helper)).said).toBe("started\nended status=0 why=exit\n");
    else {
      expect(hello).toContain("scripts=no");
      expect((await Script.run(helper)).said).toMatch(/^error not_allowed this host's control groups/);
    }
    await agent.end();
  });

  it("names another user: without privileges, and the agent's files are that user's there", async () => {
    await restart(...OPTIONAL, "script_user=games");
    const disk = await makeDisk(helper, 1);
    const socket = join(await agentFolder(helper), "pipe.sock");
    const server = createServer((peer) => peer.end("heard")).listen(socket);
    await once(server, "listening");
    await chown(socket, AGENT_USER.uid, AGENT_USER.gid);
    await chmod(socket, 0o600);
    const script = await Script.run(helper, { arguments: ["--disk", disk, "--pipe", socket], body: "id -un; grep -E 'CapBnd|NoNewPrivs' /proc/self/status; stat -c %U /run/slipway/disks/0; printf written | dd of=/run/slipway/disks/0 conv=notrunc status=none; socat -u UNIX-CONNECT:/run/slipway/pipe.sock -" });
    expect(script.errors).toBe("");
    expect(script.output).toBe("games\nCapBnd:\t0000000000000000\nNoNewPrivs:\t1\ngames\nheard");
    expect((await readFile(disk)).subarray(0, 7).toString()).toBe("written");
    server.close();
  });

  it("lets them run where there are no groups of control at all: with the worker they die all the same", async () => {
    await helper.stopDaemon();
    await run("umount", ["/sys/fs/cgroup"]);
    await restart(...OPTIONAL);
    const script = await Script.start(helper, { body: `${daemonise("40010")}\nsleep 40010` });
    await begins(script, "40010");
    process.kill(await helper.worker(), "SIGKILL");
    await script.ended();
    await expect.poll(() => withWord("40010")).toEqual([]);
    await run("mount", ["-t", "cgroup2", "slipway-test", "/sys/fs/cgroup"]);
  });

  it.each([["host_scripts=maybe", "neither yes nor no"], ["script_user=nobody-at-all", "no such user on this host"], ["script_memory_mib=1", "not a number of MiB"], ["script_limits=", "neither required nor optional"]])("is refused with %s", async (line, why) => {
    await helper.stopDaemon();
    await helper.configure([line]);
    const child = helper.spawnDaemon();
    let errors = "";
    child.stderr?.on("data", (data: Buffer) => (errors += data.toString()));
    await once(child, "exit");
    expect(errors).toContain(why);
    await restart(...OPTIONAL);
  });
});
