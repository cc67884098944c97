import { mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Logger } from "pino";
import { startAgentApi } from "./api/server.ts";
import type { AgentConfig } from "./config.ts";
import { writeDurably } from "./files.ts";
import type { HostScripts } from "./host-scripts/host-scripts.ts";
import { NO_HOST_SCRIPTS } from "./host-scripts/no-host-scripts.ts";
import { SystemHostScripts } from "./host-scripts/system-host-scripts.ts";
import { Qemu } from "./hypervisor/qemu.ts";
import type { Networks } from "./network/guest-network.ts";
import { SessionNetworks } from "./network/session-networks.ts";
import { SystemNetworks } from "./network/system-networks.ts";
import { openNodeAgent } from "./node-agent.ts";
import { holdAlone } from "./single-instance.ts";

export interface RunningAgent {
  readonly address: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

/** Where a running agent says under which address it can be reached. */
export function addressFile(dataDir: string): string {
  return join(dataDir, "agent-address.json");
}

/** Starts the agent of a node: order first, then the door is opened. */
export async function startAgent(config: AgentConfig, log: Logger, onBroken: (error: unknown) => void): Promise<RunningAgent> {
  const { dataDir, listen, allowedClients, osRoots, imageFolders, imageCacheMib } = config;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const letGo = await holdAlone(dataDir);
  await rm(addressFile(dataDir), { force: true });
  const launcher = config.mode === "system" ? { socket: config.helper.socket, program: config.helper.launcher } : null;
  const hypervisor = await Qemu.open(dataDir, launcher);
  const { networks, hostScripts } = connectNode(config, log);
  const backend = await openNodeAgent({ nodeName: config.nodeName, dataDir, osRoots, imageFolders, imageCacheMib, hypervisor, networks, hostScripts, log, onBroken });
  const read = (file: string): Promise<string> => readFile(file, "utf8");
  const [cert, key, ca] = await Promise.all([read(config.tls.certFile), read(config.tls.keyFile), read(config.tls.caFile)]);
  const api = await startAgentApi({ ...listen, tls: { cert, key, ca }, allowedClients, backend, log });
  await writeDurably(addressFile(dataDir), JSON.stringify(api.address));
  log.info({ node: config.nodeName, ...api.address, ...hypervisor.acceleration, qemu: hypervisor.version }, "the agent is ready");
  return {
    address: api.address,
    close: async () => {
      await rm(addressFile(dataDir), { force: true });
      await backend.close();
      await api.close();
      letGo();
    },
  };
}

/** What is the helper's in system mode, and QEMU's own or not to be had in session mode. */
function connectNode(config: AgentConfig, log: Logger): { readonly networks: Networks; readonly hostScripts: HostScripts } {
  if (config.mode === "session") return { networks: new SessionNetworks(log), hostScripts: NO_HOST_SCRIPTS };
  const { socket, launcher, scripts = join(dirname(launcher), "slipway-script") } = config.helper;
  const networks = new SystemNetworks({ socket, log });
  return { networks, hostScripts: new SystemHostScripts({ socket, program: scripts, dataDir: config.dataDir, isAllowed: () => networks.runsScripts }) };
}
