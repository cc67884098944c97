import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { parseSshPublicKey, SSH_KEY_TYPES } from "#lib/domain/ssh-keys.ts";
import { runOrFail } from "#scripts/process/run.ts";
import type { ApiClient } from "./api.ts";
import { writePrivateFile } from "./private-file.ts";

const KEYGEN_MS = 60_000;
/** A machine that is busy, and an instance that has only just been told to start. */
const RUNNING_MS = 30_000;
const SSH_PORT = 22;

/** The only place that the node forwards ports of: what is read here becomes part of a command that people copy. */
const reachSchema = z.object({ guestPort: z.number(), host: z.literal("127.0.0.1"), port: z.int().min(1).max(65_535) });
const hostKeySchema = z.object({ type: z.enum(SSH_KEY_TYPES), key: z.string() }).refine(({ type, key }) => parseSshPublicKey(`${type} ${key}`) !== null);
const instanceSchema = z.object({
  adminState: z.string(),
  status: z.string(),
  hostKeys: z.array(hostKeySchema).nullable(),
  nics: z.array(z.object({ reach: z.array(reachSchema) })),
});
type SampleInstance = z.infer<typeof instanceSchema>;
type HostKey = z.infer<typeof hostKeySchema>;

/** The key pair that `up` signs in to its sample with, in a folder of its own. */
export interface AccessFiles {
  readonly folder: string;
  readonly key: string;
  readonly publicKey: string;
  readonly knownHosts: string;
}

export function accessFiles(folder: string): AccessFiles {
  return { folder, key: path.join(folder, "id_ed25519"), publicKey: path.join(folder, "id_ed25519.pub"), knownHosts: path.join(folder, "known_hosts") };
}

/** The public key's line, of a pair that is made once in the life of a home directory: whole or not at all. */
export async function ensureAccessKey(files: AccessFiles): Promise<string> {
  if (!existsSync(files.publicKey)) {
    const unfinished = accessFiles(`${files.folder}.new`);
    for (const { folder } of [unfinished, files]) rmSync(folder, { recursive: true, force: true });
    mkdirSync(unfinished.folder, { mode: 0o700 });
    await runOrFail("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "slipway-up", "-f", unfinished.key], { timeoutMs: KEYGEN_MS });
    renameSync(unfinished.folder, files.folder);
  }
  return readFileSync(files.publicKey, "utf8").trim();
}

/**
 * The command that signs in to an instance as root, trusting the host keys that the API shows and no others; they are written to the
 * folder's known_hosts. Null where it doesn't run, isn't there, or was installed before there was a key.
 */
export async function accessCommand(api: ApiClient, name: string, files: AccessFiles): Promise<string | null> {
  if (!existsSync(files.publicKey)) return null;
  const look = () => api.find(`/api/v1/instances/${name}`, instanceSchema);
  const now = await look();
  if (now?.adminState !== "running") return null;
  const instance = portOf(now) === null ? await runningInstance(api, name, look) : now;
  const port = instance === null ? null : portOf(instance);
  const hostKeys = instance?.hostKeys ?? [];
  if (port === null || hostKeys.length === 0) return null;
  writePrivateFile(files.knownHosts, knownHosts(port, hostKeys));
  return sshCommand(files, port);
}

/** Once it runs and is reached; null if that takes too long, which is no reason for `up` to fail. */
async function runningInstance(api: ApiClient, name: string, look: () => Promise<SampleInstance | null>): Promise<SampleInstance | null> {
  const reached = async (): Promise<SampleInstance | null> => {
    const instance = await look();
    return instance !== null && portOf(instance) !== null ? instance : null;
  };
  return api.waitFor(reached, { what: `the start of ${name}`, timeoutMs: RUNNING_MS }).catch(() => null);
}

/** Of the node, leading to the instance's SSH server while it runs. */
function portOf({ status, nics }: SampleInstance): number | null {
  if (status !== "running") return null;
  return nics.flatMap(({ reach }) => reach).find(({ guestPort }) => guestPort === SSH_PORT)?.port ?? null;
}

export function knownHosts(port: number, hostKeys: readonly HostKey[]): string {
  return hostKeys.map(({ type, key }) => `[127.0.0.1]:${String(port)} ${type} ${key}\n`).join("");
}

/** To be copied into a shell, also where the folder's name has spaces; ssh itself would take those in a file's name for the next one. */
export function sshCommand({ key, knownHosts: known }: AccessFiles, port: number): string {
  const option = `UserKnownHostsFile=${/\s/.test(known) ? `"${known}"` : known}`;
  return `ssh -i ${quote(key)} -o ${quote(option)} -p ${String(port)} root@127.0.0.1`;
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
