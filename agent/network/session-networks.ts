import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import type { Reach } from "#lib/agent-protocol/messages.ts";
import { SocketFolder } from "../folder-sockets.ts";
import { METADATA_SOCKET, RUN_FOLDER } from "../hypervisor/guest-folder.ts";
import { MetadataService } from "../metadata/metadata-service.ts";
import type { GuestNetwork, GuestNetworkRequest, Networks } from "./guest-network.ts";
import { LoopbackPorts, userNic } from "./loopback-ports.ts";

/**
 * Networks without root (design: machine, "Session mode"): QEMU's own, closed but for forwarded ports; the channel leads to a socket
 * in the guest's folder.
 */
export class SessionNetworks implements Networks {
  readonly mode = "session";
  readonly facts = { bridges: [], routed: false };
  readonly #log: Logger;
  readonly #ports = new LoopbackPorts();

  constructor(log: Logger) {
    this.#log = log;
  }

  currentFacts(): Promise<SessionNetworks["facts"]> {
    return Promise.resolve(this.facts);
  }

  checkNics(): Promise<void> {
    // Those of other modes lead nowhere here.
    return Promise.resolve();
  }

  async open(request: GuestNetworkRequest): Promise<GuestNetwork> {
    return this.#open(request, await this.#ports.take(request.nics, request.reach));
  }

  reopen(request: GuestNetworkRequest): Promise<GuestNetwork> {
    this.#ports.hold(request.reach);
    return this.#open(request, request.reach);
  }

  settle(): void {
    // What is there of a guest goes with its QEMU.
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #open({ folder, nics, channel }: GuestNetworkRequest, reach: readonly Reach[]): Promise<GuestNetwork> {
    let closeChannel = (): Promise<void> => Promise.resolve();
    try {
      if (channel !== null) {
        const run = join(folder, RUN_FOLDER);
        await mkdir(run, { recursive: true, mode: 0o700 });
        const sockets = await SocketFolder.open(run);
        const service = await MetadataService.listenUnix(sockets.address(METADATA_SOCKET), channel.content, this.#log);
        closeChannel = async () => {
          await service.close();
          await sockets.close();
        };
      }
    } catch (error) {
      this.#ports.free(reach);
      throw error;
    }
    let ending: Promise<void> | null = null;
    const end = (): Promise<void> => {
      ending ??= closeChannel().finally(() => {
        this.#ports.free(reach);
      });
      return ending;
    };
    return { nics: nics.map((nic) => userNic(nic, reach)), channel: channel === null ? null : { kind: "session" }, reach, close: end, release: end };
  }
}
