import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { HostKey, Reach } from "#lib/agent-protocol/messages.ts";

const run = promisify(execFile);
const CONNECT_SECONDS = 60;

/** Somebody's key pair in a folder. */
export async function createKey(folder: string): Promise<{ readonly file: string; readonly line: string }> {
  const file = join(folder, "key");
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "anna@example.org", "-f", file]);
  return { file, line: (await readFile(`${file}.pub`, "utf8")).trim() };
}

/** Runs a command as root in an instance, by the port that its node forwards, and accepts no host key but those given. */
export async function runOverSsh(folder: string, keyFile: string, { host, port }: Pick<Reach, "host" | "port">, hostKeys: readonly HostKey[], command: string): Promise<string> {
  const known = join(folder, "known_hosts");
  await writeFile(known, hostKeys.map(({ type, key }) => `[${host}]:${String(port)} ${type} ${key}\n`).join(""));
  const options = [`UserKnownHostsFile=${known}`, "GlobalKnownHostsFile=/dev/null", "StrictHostKeyChecking=yes", "BatchMode=yes", "IdentitiesOnly=yes", `ConnectTimeout=${String(CONNECT_SECONDS)}`];
  const { stdout } = await run("ssh", ["-F", "none", "-i", keyFile, "-p", String(port), ...options.flatMap((option) => ["-o", option]), `root@${host}`, command], { timeout: 120_000 });
  return stdout;
}
