import { randomBytes } from "node:crypto";
import { copyFile, mkdir, open, readFile, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import path from "node:path";
import { z } from "zod";
import { scratchStack } from "#scripts/test/scratch-stack.ts";
import { ApiClient } from "#scripts/up/api.ts";
import { preparedEnvironment } from "#scripts/up/prepare.ts";
import { scratchDirectory } from "#scripts/up/scratch.ts";
import { say } from "#scripts/up/terminal.ts";
import type { BareMachine } from "./bare-guest.ts";
import { bootBare, makeScriptInitrd, SCRIPT_BEGINS, SCRIPT_ENDS } from "./bare-guest.ts";
import type { Figure } from "./figures.ts";
import { compared, median, reported } from "./figures.ts";
import { measureImageInstall } from "./install-image.ts";
import { stopInstance, untilInstalled } from "./install-steps.ts";

const INSTANCE = "bench-1";
const VARIANT = "bookworm";
const DISK_MIB = 2_048;
const MEMORY_MIB = 512;
/** What the appliance's runner says where there is no channel: its own programs run by then, and nothing else has happened. */
const RUNNER_STANDS = "no network interface";

const root = path.resolve(import.meta.dirname, "..");

const acceptedSchema = z.object({ jobId: z.number(), installId: z.string() });
const moment = z.iso.datetime().transform((text) => Date.parse(text));
const installSchema = z.object({
  state: z.string(),
  node: z.string(),
  acceptedAt: moment,
  firstBootAt: moment.nullable(),
  lastContactAt: moment.nullable(),
  error: z.object({ message: z.string() }).nullable(),
  steps: z.array(z.object({ id: z.string(), source: z.string(), startedAt: moment.nullable() })),
});
type Install = z.output<typeof installSchema>;
const jobSchema = z.object({ startedAt: moment });
const nodeSchema = z.object({ accelerator: z.enum(["kvm", "tcg"]) });
const upSchema = z.object({ consoleUrl: z.string(), adminUser: z.string(), adminPasswordFile: z.string(), agents: z.array(z.object({ dataDir: z.string() })) });

/** Milliseconds of each stage of one install, or of the bare machine. */
interface Stages {
  readonly queue: number;
  readonly dispatch: number;
  readonly prepare: number;
  readonly verify: number;
  /** From QEMU's start to the first line of the script. */
  readonly boot: number;
  readonly script: number;
  /** From the script's report to QEMU's end. */
  readonly shutdown: number;
  readonly firstBoot: number;
}

/**
 * The stages of one install, each the median of several rounds, beside the bare limit taken in the same rounds: the same kernel
 * and initrd booted by QEMU with nothing around them, and the script's own work on the same kind of disk. The first install,
 * which brings kernel and image to the node, isn't counted.
 */
export async function measureInstall(rounds: number): Promise<readonly Figure[]> {
  const scratch = scratchDirectory();
  const stack = await scratchStack(root, path.join(scratch, "home"), { SLIPWAY_DEMO: "0" });
  try {
    const up = await stack.up((line) => process.stderr.write(`${line}\n`));
    if (up.code !== 0) throw new Error(`the stack doesn't come up\n${up.tail}`);
    const { consoleUrl, adminUser, adminPasswordFile, agents } = upSchema.parse(JSON.parse(await readFile(stack.upFile, "utf8")));
    const api = new ApiClient(consoleUrl, adminUser, (await readFile(adminPasswordFile, "utf8")).trim());
    say("the first install, which isn't counted");
    const first = await install(api, { isFirst: true });
    const { accelerator } = await api.get(`/api/v1/nodes/${first.node}`, nodeSchema);
    const bare = await prepareBare(path.join(scratch, "bare"), accelerator);
    const installs: Stages[] = [];
    const boots: number[] = [];
    const scripts: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      say(`round ${round} of ${rounds}`);
      const takes = [
        async (): Promise<void> => {
          // Nothing else runs while the bare machine does.
          await stopInstance(api, INSTANCE);
          boots.push(await bare.boot());
          scripts.push(await bare.script());
        },
        async (): Promise<void> => {
          await stopInstance(api, INSTANCE);
          installs.push((await install(api, { isFirst: false })).stages);
        },
      ];
      // What comes second finds another machine: caches are warm, and the first one's disk is being written.
      for (const take of round % 2 === 0 ? takes.reverse() : takes) await take();
    }
    await stopInstance(api, INSTANCE);
    const fromImage = await measureImageInstall(rounds, { api, directory: path.join(scratch, "image"), dataDirs: agents.map(({ dataDir }) => dataDir), accelerator });
    const stage = (name: keyof Stages): number => median(installs.map((one) => one[name]));
    const run = median(installs.map((one) => one.boot + one.script + one.shutdown));
    return [
      reported("queue and dispatch", stage("queue") + stage("dispatch"), "ms", "under 50 ms"),
      reported("queue", stage("queue"), "ms"),
      reported("dispatch", stage("dispatch"), "ms"),
      reported("new disk", stage("prepare"), "ms"),
      compared("parameters verified", stage("verify"), "ms", median(boots)),
      compared("boot to first script line", stage("boot"), "ms", median(boots), 1.5),
      compared("script", stage("script"), "ms", median(scripts)),
      reported("shutdown", stage("shutdown"), "ms"),
      reported("whole appliance run", run, "ms", "within 10 s under TCG on 2 cores"),
      reported("first boot", stage("firstBoot"), "ms"),
      ...fromImage,
    ];
  } finally {
    await stack.down((line) => process.stderr.write(`${line}\n`));
  }
}

async function install(api: ApiClient, { isFirst }: { readonly isFirst: boolean }): Promise<{ readonly stages: Stages; readonly node: string }> {
  const parameters = { secret: { root_password: randomBytes(18).toString("base64url") } };
  const osType = `debian+${VARIANT}`;
  const { installId, jobId } = isFirst
    ? await api.post("/api/v1/instances", { name: INSTANCE, osType, vcpus: vcpus(), memoryMib: MEMORY_MIB, disks: [{ sizeMib: DISK_MIB }], parameters }, acceptedSchema)
    : await api.post(`/api/v1/instances/${INSTANCE}/reinstall`, { osType, parameters, start: true }, acceptedSchema);
  const ended = await untilInstalled(api, installId, installSchema);
  const { startedAt } = await api.get(`/api/v1/jobs/${jobId}`, jobSchema);
  return { stages: stagesOf(ended, startedAt), node: ended.node };
}

/** All clocks are this machine's. */
function stagesOf(install: Install, jobStarted: number): Stages {
  const begin = (id: string): number => given(install.steps.find((step) => step.id === id)?.startedAt, `step ${id}`);
  const firstLine = given(install.steps.find((step) => step.source === "guest" && step.startedAt !== null)?.startedAt, "the script's first step");
  // The guest's last word is its report.
  const report = given(install.lastContactAt, "the report");
  return {
    queue: jobStarted - install.acceptedAt,
    dispatch: begin("prepare") - jobStarted,
    prepare: begin("verify") - begin("prepare"),
    // A start of the appliance of its own, before the system that is there is stopped.
    verify: begin("appliance") - begin("verify"),
    boot: firstLine - begin("appliance"),
    script: report - firstLine,
    shutdown: begin("swap") - report,
    firstBoot: given(install.firstBootAt, "the first boot") - begin("boot"),
  };
}

function given(value: number | null | undefined, what: string): number {
  if (value === null || value === undefined) throw new Error(`the install doesn't say when it came to ${what}`);
  return value;
}

function vcpus(): number {
  return Math.min(2, availableParallelism());
}

/** The same kernel, initrd, processors, memory and disks as the agent's appliance has. */
async function prepareBare(directory: string, accelerator: "kvm" | "tcg"): Promise<{ boot(): Promise<number>; script(): Promise<number> }> {
  const { artifacts } = preparedEnvironment();
  await mkdir(directory, { recursive: true });
  await copyFile(path.join(artifacts.image, "image.squashfs"), path.join(directory, "image"));
  const [kernel, initrd] = [path.join(artifacts.appliance, "kernel"), path.join(artifacts.appliance, "initrd")];
  const disks = [
    { file: "disk", serial: "disk", readOnly: false, unsafeCache: true },
    { file: "image", serial: "image", readOnly: true, unsafeCache: false },
  ];
  const machine: BareMachine = { directory, boot: { kernel, initrd }, vcpus: vcpus(), memoryMib: MEMORY_MIB, accelerator, disks };
  const scriptInitrd = await makeScriptInitrd(directory, initrd, path.join(root, "os-definitions/debian/untrusted"), {
    INSTANCE_NAME: INSTANCE,
    OS_NAME: "debian",
    OS_VARIANT: VARIANT,
    DISK_COUNT: "1",
    DISK_0_PATH: "/dev/vda",
    SLIPWAY_OS_IMAGE: "/dev/vdb",
    OSP_ROOT_PASSWORD: "only-in-this-benchmark",
  });
  const freshDisk = async (): Promise<void> => {
    await rm(path.join(directory, "disk"), { force: true });
    const disk = await open(path.join(directory, "disk"), "wx");
    await disk.truncate(DISK_MIB * 1_048_576);
    await disk.close();
  };
  return {
    async boot() {
      await freshDisk();
      const [stands = Number.NaN] = await bootBare(machine, [RUNNER_STANDS]);
      return stands;
    },
    async script() {
      await freshDisk();
      const [begins = Number.NaN, ends = Number.NaN] = await bootBare({ ...machine, boot: { kernel, initrd: scriptInitrd } }, [SCRIPT_BEGINS, SCRIPT_ENDS]);
      return ends - begins;
    },
  };
}
