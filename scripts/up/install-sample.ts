import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { z } from "zod";
import type { ApiClient } from "./api.ts";
import { ProgressBar } from "./progress-bar.ts";
import { writePrivateFile } from "./private-file.ts";
import type { AccessFiles } from "./sample-access.ts";
import { ensureAccessKey } from "./sample-access.ts";
import { say } from "./terminal.ts";

/** The instance that `up` installs the sample definition into. */
export const SAMPLE_INSTANCE = "debian-1";
const SAMPLE_OS = "debian";
const INSTALL_MS = 900_000;

const acceptedSchema = z.object({ jobId: z.number(), installId: z.string().nullable() });
const installSchema = z.object({
  state: z.string(),
  percent: z.number().nullable(),
  step: z.string().nullable(),
  steps: z.array(z.object({ id: z.string(), label: z.string() })),
  error: z.object({ message: z.string(), step: z.string().nullable() }).nullable(),
});
type Install = z.infer<typeof installSchema>;
const definitionSchema = z.object({ variants: z.array(z.string()) });
const instanceSchema = z.object({ sshKeys: z.array(z.string()) });
const FINAL = new Set(["done", "failed", "cancelled", "timed_out"]);

/**
 * Installs the sample definition into an instance, once in the life of a home directory, and shows its progress as the guest
 * reports it. An earlier try that didn't get to its end is made again as a reinstall.
 *
 * @param doneFile is there once it has been done
 * @param access whose key may log in there
 */
export async function installSample(api: ApiClient, doneFile: string, access: AccessFiles): Promise<void> {
  if (existsSync(doneFile)) return;
  const { variants } = await api.get(`/api/v1/os-definitions/${SAMPLE_OS}`, definitionSchema);
  const variant = variants[0];
  const osType = variant === undefined ? SAMPLE_OS : `${SAMPLE_OS}+${variant}`;
  const key = await ensureAccessKey(access);
  const earlier = await api.find(`/api/v1/instances/${SAMPLE_INSTANCE}`, instanceSchema);
  // A key that is kept on the instance stays there at reinstalls. One that was made without it is told for this once.
  const keys = earlier === null || earlier.sshKeys.includes(key) ? {} : { public: { ssh_authorized_keys: key } };
  // Nobody needs to know the password: the key lets in.
  const parameters = { ...keys, secret: { root_password: randomBytes(18).toString("base64url") } };
  say(`installing ${osType} into the instance ${SAMPLE_INSTANCE}`);
  const { installId } =
    earlier === null
      ? await api.post("/api/v1/instances", { name: SAMPLE_INSTANCE, osType, memoryMib: 256, disks: [{ sizeMib: 2_048 }], sshKeys: [key], parameters }, acceptedSchema)
      : await api.post(`/api/v1/instances/${SAMPLE_INSTANCE}/reinstall`, { osType, parameters, start: true }, acceptedSchema);
  if (installId === null) throw new Error("the controller has accepted the instance, but not its install");
  await follow(api, installId);
  writePrivateFile(doneFile, `${installId}\n`);
}

async function follow(api: ApiClient, installId: string): Promise<void> {
  const bar = new ProgressBar();
  const started = performance.now();
  const install = await api.waitFor(
    async () => {
      const now = await api.get(`/api/v1/installs/${installId}`, installSchema);
      bar.show({ percent: now.percent, label: labelOf(now) });
      return FINAL.has(now.state) ? now : null;
    },
    { what: "the sample's install", timeoutMs: INSTALL_MS },
  ).finally(() => bar.end());
  if (install.state !== "done") {
    throw new Error(`the install of ${SAMPLE_INSTANCE} has ended as ${install.state}: ${install.error?.message ?? "no reason given"}`);
  }
  say(`installed and booted in ${((performance.now() - started) / 1_000).toFixed(1)} s`);
}

function labelOf(install: Install): string {
  return install.steps.find((step) => step.id === install.step)?.label ?? install.state;
}
