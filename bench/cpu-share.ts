import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { runOrFail } from "#scripts/process/run.ts";
import { Refusal } from "#scripts/up/terminal.ts";

const MOUNT_MS = 5_000;
/** Microseconds. Short, so that a request in the middle of a pause doesn't wait for long. */
const PERIOD = 10_000;

/** A place of the kernel's in which processes get half a processor each. As root, in a mount namespace of its own. */
export class CpuShares {
  readonly #folder: string;
  readonly #version: 1 | 2;
  readonly #groups: string[] = [];

  private constructor(folder: string, version: 1 | 2) {
    this.#folder = folder;
    this.#version = version;
  }

  /** @throws Refusal where the kernel has no such controller to give */
  static async open(folder: string): Promise<CpuShares> {
    mkdirSync(folder);
    const mount = (...args: readonly string[]): Promise<unknown> => runOrFail("mount", [...args, "slipway-bench", folder], { cwd: "/", timeoutMs: MOUNT_MS });
    try {
      await mount("-t", "cgroup", "-o", "cpu");
      return new CpuShares(folder, 1);
    } catch {
      // Newer kernels have one tree for all controllers.
    }
    try {
      await mount("-t", "cgroup2");
      writeFileSync(path.join(folder, "cgroup.subtree_control"), "+cpu");
      return new CpuShares(folder, 2);
    } catch (error) {
      throw new Refusal(`no cgroup can hold a virtual machine to half a processor here: ${String(error)}`);
    }
  }

  /** Holds a process and its threads to half a processor from here on. */
  hold(name: string, pid: number): void {
    const group = path.join(this.#folder, `slipway-${name}-${String(pid)}`);
    mkdirSync(group);
    this.#groups.push(group);
    if (this.#version === 2) {
      writeFileSync(path.join(group, "cpu.max"), `${String(PERIOD / 2)} ${String(PERIOD)}`);
    } else {
      writeFileSync(path.join(group, "cpu.cfs_period_us"), String(PERIOD));
      writeFileSync(path.join(group, "cpu.cfs_quota_us"), String(PERIOD / 2));
    }
    writeFileSync(path.join(group, "cgroup.procs"), String(pid));
  }

  /** Once its processes have ended. */
  close(): void {
    for (const group of this.#groups) {
      const left = readFileSync(path.join(group, "cgroup.procs"), "utf8").trim();
      if (left !== "") throw new Error(`processes ${left} go on`);
      rmdirSync(group);
    }
  }
}
