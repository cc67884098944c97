import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, describe, test } from "vitest";
import { checkCorePattern, checkLimits, checkMemory, checkSwap, guests } from "./memory.ts";

const SWAPS = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";

describe("memory that holds secrets", () => {
  test("of a process that may dump core fails", () => {
    expect(checkLimits("controller", "Limit  Soft  Hard  Units\nMax core file size        0                    0                    bytes\n").level).toBe("ok");
    expect(checkLimits("controller", "Max core file size        0                    unlimited            bytes\n").level).toBe("ok");
    expect(checkLimits("controller", "Max core file size        unlimited            unlimited            bytes\n")).toMatchObject({ level: "fail", text: expect.stringContaining("controller") as unknown });
  });

  test("is read from real processes, those that were started here and this one's", async () => {
    const directory = mkdtempSync(path.join(tmpdir(), "slipway-doctor-"));
    const child = spawn("prlimit", ["--core=0:0", "--", "sleep", "60"], { stdio: "ignore" });
    try {
      await once(child, "spawn");
      // Its limit is set before it becomes the program.
      await expect.poll(() => readFileSync(`/proc/${child.pid ?? 0}/comm`, "utf8").trim(), { timeout: 10_000 }).toBe("sleep");
      writeFileSync(path.join(directory, "up.json"), JSON.stringify({ pids: { controller: child.pid, postgres: 1 } }));
      const findings = checkMemory(path.join(directory, "up.json"));
      expect(findings.filter(({ text }) => text.includes("controller") && !text.startsWith("core dumps are off"))).toEqual([]);
      writeFileSync(path.join(directory, "up.json"), JSON.stringify({ pids: { controller: 2 ** 22 + 1 } }));
      expect(checkMemory(path.join(directory, "up.json"))).toContainEqual({ level: "warn", text: `controller (process ${2 ** 22 + 1}) doesn't run any more` });
    } finally {
      child.kill("SIGKILL");
      rmSync(directory, { recursive: true });
    }
  });

  test("is that of virtual machines that run, not of those that have ended and wait for their parent", async () => {
    const directory = mkdtempSync(path.join(tmpdir(), "slipway-doctor-"));
    const name = path.join(directory, "qemu-system-x86_64");
    copyFileSync("/bin/sleep", name);
    // The shell becomes a program that asks for the end of no child; as long as it is a shell, it may.
    const parent = spawn("sh", ["-c", '"$0" 60 & echo $!; "$0" 60 & echo $!; exec sleep 60', name], { stdio: ["ignore", "pipe", "ignore"] });
    const seen: string[] = [];
    parent.stdout.on("data", (chunk: Buffer) => seen.push(...chunk.toString().trim().split("\n")));
    try {
      await expect.poll(() => seen.length).toBe(2);
      const [ended = "", running = ""] = seen;
      await expect.poll(() => readFileSync(`/proc/${parent.pid ?? 0}/comm`, "utf8").trim()).toBe("sleep");
      process.kill(Number(ended), "SIGKILL");
      await expect.poll(() => readFileSync(`/proc/${ended}/status`, "utf8")).toMatch(/^State:\s+Z/m);
      await expect.poll(() => guests().map(([, pid]) => pid)).toContain(running);
      expect(guests().map(([, pid]) => pid)).not.toContain(ended);
      process.kill(Number(running), "SIGKILL");
    } finally {
      parent.kill("SIGKILL");
      rmSync(directory, { recursive: true });
    }
  });

  test("could be handed to a program that collects core dumps", () => {
    expect(checkCorePattern("core\n").level).toBe("ok");
    expect(checkCorePattern("|/usr/share/apport/apport -p%p\n")).toMatchObject({ level: "warn", text: expect.stringContaining("/usr/share/apport/apport,") as unknown });
  });

  test("could be written to swap, unless that is memory too", () => {
    expect(checkSwap(SWAPS).level).toBe("ok");
    expect(checkSwap(`${SWAPS}/dev/zram0                             partition\t8000000\t0\t100\n`).level).toBe("ok");
    expect(checkSwap(`${SWAPS}/dev/sda2                             partition\t8000000\t0\t-2\n`)).toMatchObject({ level: "warn", text: expect.stringContaining("/dev/sda2") as unknown });
  });
});
