import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { APPLIANCE_COMMAND_LINE, qemuArguments } from "#agent/hypervisor/qemu-arguments.ts";
import type { GuestDisk } from "#agent/hypervisor/hypervisor.ts";
import { runOrFail } from "#scripts/process/run.ts";

export interface BareMachine {
  readonly directory: string;
  /** Null: the disk's own system, as an instance has it. */
  readonly boot: { readonly kernel: string; readonly initrd: string } | null;
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly accelerator: "kvm" | "tcg";
  /** Files in the directory. */
  readonly disks: readonly GuestDisk[];
}

const LONGEST_MS = 300_000;
/** What belongs to the agent around a machine: monitor, console by socket, sandbox, process file. */
const AROUND = new Set(["-chardev", "-mon", "-serial", "-sandbox", "-pidfile"]);

/**
 * Boots the same machine as the agent does, with nothing around it, until its console has said all of the marks.
 *
 * @returns for each mark the milliseconds from QEMU's start until it was said.
 */
export async function bootBare(machine: BareMachine, marks: readonly string[]): Promise<number[]> {
  const all = qemuArguments(
    {
      kind: machine.boot === null ? "instance" : "appliance",
      id: "00000000-0000-4000-8000-000000000000",
      folder: machine.directory,
      vcpus: machine.vcpus,
      memoryMib: machine.memoryMib,
      boot: machine.boot === null ? null : { ...machine.boot, commandLine: APPLIANCE_COMMAND_LINE },
      startsFrom: "disk",
      media: [],
      disks: machine.disks,
      nics: [],
      channel: null,
      key: "bare",
      datasource: "none",
    },
    machine.accelerator,
  );
  const args = all.filter((argument, index) => !AROUND.has(argument) && !AROUND.has(all[index - 1] ?? ""));
  const started = performance.now();
  const child = spawn("qemu-system-x86_64", [...args, "-serial", "stdio"], { cwd: machine.directory, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close");
  const times = new Map<string, number>();
  let said = "";
  const timer = setTimeout(() => child.kill("SIGKILL"), LONGEST_MS);
  await new Promise<void>((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      for (const mark of marks) if (!times.has(mark) && said.includes(mark)) times.set(mark, performance.now() - started);
      if (times.size === marks.length) resolve();
    });
    void ended.then(() => resolve());
  });
  clearTimeout(timer);
  child.kill("SIGKILL");
  await ended;
  return marks.map((mark) => {
    const time = times.get(mark);
    if (time === undefined) throw new Error(`the bare machine never said ${mark}\n${said.split("\n").slice(-20).join("\n")}`);
    return time;
  });
}

/** Shell: the appliance's first moments without its runner, the definition's script, and a mark before and after it. */
function initScript(environment: Readonly<Record<string, string>>): string {
  const settings = Object.entries(environment).map(([name, value]) => `export ${name}='${value}'`);
  return [
    "#!/bin/sh",
    "mount -t devtmpfs dev /dev; mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t tmpfs run /run",
    "exec </dev/ttyS0 >/dev/ttyS0 2>&1",
    "while read -r module; do insmod $module; done </lib/modules/boot",
    "export PATH=/sbin:/bin:/usr/sbin:/usr/bin",
    ...settings,
    "cd /os",
    `echo ${SCRIPT_BEGINS}`,
    `if ./create >/tmp/script.log; then sync; echo ${SCRIPT_ENDS}; else tail -n 5 /tmp/script.log; fi`,
    "poweroff -f",
    "",
  ].join("\n");
}

export const SCRIPT_BEGINS = "bare script begins";
export const SCRIPT_ENDS = "bare script ends";

/** An initrd that runs a definition's script with nothing around it: the appliance's own, with another first process. */
export async function makeScriptInitrd(directory: string, initrd: string, untrusted: string, environment: Readonly<Record<string, string>>): Promise<string> {
  const tree = path.join(directory, "tree");
  await mkdir(tree, { recursive: true });
  await cp(untrusted, path.join(tree, "os"), { recursive: true });
  await writeFile(path.join(tree, "init"), initScript(environment), { mode: 0o755 });
  const archive = path.join(directory, "script.cpio");
  const { output } = await runOrFail("find", [".", "-mindepth", "1"], { cwd: tree, timeoutMs: 10_000 });
  await runOrFail("cpio", ["--create", "--format=newc", "--quiet", `--file=${archive}`], { cwd: tree, timeoutMs: 10_000, input: output });
  const both = path.join(directory, "script-initrd");
  await writeFile(both, Buffer.concat([padded(await readFile(initrd)), await readFile(archive)]));
  return both;
}

/** The kernel takes the next archive at a multiple of four bytes. */
function padded(archive: Buffer): Buffer {
  return Buffer.concat([archive, Buffer.alloc((4 - (archive.length % 4)) % 4)]);
}
