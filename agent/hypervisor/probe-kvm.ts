import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readIfPresent, writeDurably } from "../files.ts";
import type { Acceleration } from "./hypervisor.ts";

/** What the appliance's init says, once it runs, where it has no network interface. */
const MARKER = "appliance:";
const WAIT_MS = 5_000;

const cacheSchema = z.strictObject({ bootId: z.string(), accelerator: z.enum(["kvm", "tcg"]), reason: z.string().nullable() });

async function bootId(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
}

function cacheFile(dataDir: string): string {
  return join(dataDir, "kvm-probe.json");
}

/** What an earlier probe found since the machine was started; null where there was none. */
export async function cachedProbe(dataDir: string): Promise<Acceleration | null> {
  const text = await readIfPresent(cacheFile(dataDir));
  if (text === null) return null;
  const cached = cacheSchema.parse(JSON.parse(text));
  return cached.bootId === (await bootId()) ? { accelerator: cached.accelerator, reason: cached.reason } : null;
}

/**
 * Boots a kernel under KVM and waits five seconds for its first program to speak (design: machine, "KVM"): the device may
 * open and still be of no use, so that QEMU ends at once or the guest hangs.
 */
export async function probeKvm(dataDir: string, boot: { readonly kernel: string; readonly initrd: string }): Promise<Acceleration> {
  const cached = await cachedProbe(dataDir);
  if (cached !== null) return cached;
  const reason = await tryKvm(boot);
  const result: Acceleration = reason === null ? { accelerator: "kvm", reason: null } : { accelerator: "tcg", reason };
  await writeDurably(cacheFile(dataDir), JSON.stringify({ bootId: await bootId(), ...result }));
  return result;
}

function tryKvm({ kernel, initrd }: { readonly kernel: string; readonly initrd: string }): Promise<string | null> {
  const machine = ["-nodefaults", "-no-user-config", "-display", "none", "-machine", "q35,accel=kvm,dump-guest-core=off", "-cpu", "host", "-m", "256", "-no-reboot"];
  const args = ["--core=0", "--", "qemu-system-x86_64", ...machine, "-serial", "stdio", "-kernel", kernel, "-initrd", initrd, "-append", "console=ttyS0 quiet panic=-1"];
  return new Promise((resolve) => {
    const child = spawn("prlimit", args, { stdio: ["ignore", "pipe", "ignore"] });
    let said = "";
    const finish = (reason: string | null): void => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      resolve(reason);
    };
    const timer = setTimeout(finish, WAIT_MS, "KVM was tried: a guest didn't come up within five seconds");
    child.stdout.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString("latin1")).slice(-4_096);
      if (said.includes(MARKER)) finish(null);
    });
    child.once("error", () => {
      finish("KVM was tried: QEMU can't be started");
    });
    child.once("exit", (code, signal) => {
      finish(said.includes(MARKER) ? null : `KVM was tried: QEMU ended with ${String(code ?? signal)} before the guest came up`);
    });
  });
}
