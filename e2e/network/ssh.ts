import { chmod, writeFile } from "node:fs/promises";
import path from "node:path";
import type { HostKey } from "#lib/agent-protocol/messages.ts";
import { run, runOrFail } from "#scripts/process/run.ts";

const SSH_MS = 60_000;

export interface SshClient {
  /** The line that a guest is given. */
  readonly publicKey: string;
  /** Runs a command on a host whose keys are known from elsewhere, and from nowhere else; returns what it says. */
  run(address: string, hostKeys: readonly HostKey[], command: string): Promise<string>;
}

/** A key of its own, in a folder. */
export async function makeSshClient(folder: string): Promise<SshClient> {
  const key = path.join(folder, "ssh-key");
  await runOrFail("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "owner@test", "-f", key], { cwd: "/", timeoutMs: SSH_MS });
  const { output } = await runOrFail("ssh-keygen", ["-y", "-f", key], { cwd: "/", timeoutMs: SSH_MS });
  await chmod(key, 0o600);
  return {
    publicKey: output.trim(),
    run: async (address, hostKeys, command) => {
      const known = path.join(folder, `known-hosts-${address}`);
      await writeFile(known, hostKeys.map((one) => `${address} ${one.type} ${one.key}\n`).join(""));
      const options = ["BatchMode=yes", "StrictHostKeyChecking=yes", `UserKnownHostsFile=${known}`, "GlobalKnownHostsFile=/dev/null", "IdentitiesOnly=yes", "ConnectTimeout=20"];
      const result = await run("ssh", ["-F", "none", "-i", key, ...options.flatMap((option) => ["-o", option]), `debian@${address}`, command], { cwd: "/", timeoutMs: SSH_MS });
      if (result.code !== 0) throw new Error(`ssh to ${address} ended with ${result.code}: ${result.tail}`);
      return result.output;
    },
  };
}
