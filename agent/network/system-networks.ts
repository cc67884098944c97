import { existsSync } from "node:fs";
import type { Logger } from "pino";
import type { NicSpec, NodeFacts, Reach } from "#lib/agent-protocol/messages.ts";
import { channelIp6, channelMac, HOST_ADDRESS, HOST_ADDRESS6, HOST_LINK_LOCAL } from "#lib/domain/channel-address.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { ChannelLink, GuestNic } from "../hypervisor/hypervisor.ts";
import { MetadataService, type TcpService } from "../metadata/metadata-service.ts";
import type { GuestNetwork, GuestNetworkRequest, Networks } from "./guest-network.ts";
import { HelperClient } from "./helper-client.ts";
import type { HelperValues } from "./helper-lines.ts";
import { LoopbackPorts, userNic } from "./loopback-ports.ts";
import { nicRequest } from "./nic-request.ts";
import { refusalText } from "./refusal-text.ts";

export interface SystemNetworksOptions {
  /** The helper's socket. */
  readonly socket: string;
  readonly log: Logger;
  /** Where guests find the agent; left out: the addresses that they all know. */
  readonly host?: { readonly host: string; readonly host6: string | null };
  /** How long a helper that has just gone is waited for, in milliseconds; left out: ten seconds. */
  readonly restartMs?: number;
}

/** A port that leads nowhere: of a host without IPv6. */
const NO_PORT = 0;
const IPV6_SETTINGS = "/proc/sys/net/ipv6/conf/all";

interface OpenGuest {
  readonly request: GuestNetworkRequest;
  readonly reach: readonly Reach[];
  service: TcpService | null;
  readonly told: Set<string>;
}

/**
 * Networks of the helper's making (design: machine, "System mode"): a TAP for each interface of a guest. For each guest with a channel
 * the agent listens on ports of its own, to which the helper leads port 80 of that guest's interface: who asks is known by the port,
 * and has to have the guest's address as well.
 */
export class SystemNetworks implements Networks {
  readonly mode = "system";
  readonly #options: SystemNetworksOptions;
  readonly #helper: HelperClient;
  readonly #guests = new Map<string, OpenGuest>();
  readonly #ports = new LoopbackPorts();
  #isSettled = false;

  constructor(options: SystemNetworksOptions) {
    this.#options = options;
    const { socket, log, restartMs } = options;
    this.#helper = new HelperClient({ socket, log, ...(restartMs === undefined ? {} : { restartMs }) });
    this.#helper.on("ready", () => {
      this.#restore().catch((error: unknown) => {
        log.error({ err: error }, "the helper couldn't be told what is there");
      });
    });
    this.#helper.on("notice", (what, values) => {
      this.#takeNotice(what, values);
    });
  }

  get facts(): NodeFacts["networking"] {
    const greeting = this.#helper.greeting;
    return greeting === null ? { bridges: [], routed: false } : { bridges: [...greeting.bridges], routed: greeting.routed };
  }

  /** What the helper said last; false while it is away. */
  get runsScripts(): boolean {
    return this.#helper.greeting?.scripts === true;
  }

  async currentFacts(): Promise<NodeFacts["networking"]> {
    await this.#helper.greetAgain();
    return this.facts;
  }

  async checkNics(nics: readonly NicSpec[]): Promise<void> {
    const bridges = new Set(nics.flatMap(({ mode, link }) => (mode === "bridged" && link !== null ? [link] : [])));
    if (bridges.size === 0) return;
    const greeting = await this.#helper.greetAgain();
    // One that is away may be back in a moment: whoever asks it for something waits, and is told.
    if (greeting === null) return;
    for (const bridge of bridges) {
      if (greeting.bridges.includes(bridge)) continue;
      throw new SlipwayError("unsupported", `The node has no bridge ${bridge} for guests. An administrator has to make it on the node, and name it under bridges in /etc/slipway/helper.conf.`, { field: "nics.link" });
    }
  }

  async open(request: GuestNetworkRequest): Promise<GuestNetwork> {
    const { key, nics, channel } = request;
    const guest = newGuest(request, await this.#ports.take(nics, request.reach));
    const isNeeded = channel !== null || nics.some((nic) => nicRequest(key, nic) !== null);
    if (isNeeded) this.#guests.set(key, guest);
    try {
      await this.checkNics(nics);
      // What an earlier start left would be among what the launcher gets.
      if (isNeeded) await this.#helper.ask("remove", { guest: key });
      // In this order, which is that of the descriptors: the channel is the last.
      const links: GuestNic[] = [];
      for (const nic of [...nics].sort((a, b) => a.index - b.index)) links.push(await this.#openNic(guest, nic));
      return this.#network(guest, links, channel === null ? null : await this.#openChannel(guest));
    } catch (error) {
      await this.#end(guest);
      throw error;
    }
  }

  async reopen(request: GuestNetworkRequest): Promise<GuestNetwork> {
    const guest = newGuest(request, request.reach);
    this.#ports.hold(guest.reach);
    this.#guests.set(request.key, guest);
    if (request.channel !== null) {
      guest.service = await this.#listen(request);
      // A helper that is away is told when it is back.
      if (this.#helper.greeting !== null) await this.#announce(guest, guest.service);
    }
    // The guest has its interfaces: nobody asks for their descriptors again.
    return this.#network(guest, [], null);
  }

  settle(): void {
    this.#isSettled = true;
    if (this.#helper.greeting === null) return;
    this.#prune().catch((error: unknown) => {
      this.#options.log.error({ err: error }, "the helper couldn't be asked what is there");
    });
  }

  close(): Promise<void> {
    this.#helper.close();
    return Promise.resolve();
  }

  async #openNic({ request, reach }: OpenGuest, nic: NicSpec): Promise<GuestNic> {
    const wanted = nicRequest(request.key, nic);
    if (wanted === null) return userNic(nic, reach);
    const { values } = await this.#helper.ask("nic", wanted);
    return { mac: nic.mac, link: { kind: "tap", fd: descriptor(values) } };
  }

  async #openChannel(guest: OpenGuest): Promise<ChannelLink> {
    guest.service = await this.#listen(guest.request);
    const values = await this.#announce(guest, guest.service);
    return { kind: "tap", fd: descriptor(values), mac: channelMac(addressOf(guest.request)) };
  }

  /** On the host's address of the channels, which the helper keeps on this machine as long as it is there. */
  #listen({ channel }: GuestNetworkRequest): Promise<TcpService> {
    if (channel === null) throw new Error("a guest without a channel isn't answered");
    const ip = addressOf({ channel });
    const { host, host6 } = this.#options.host ?? { host: HOST_ADDRESS, host6: existsSync(IPV6_SETTINGS) ? HOST_ADDRESS6 : null };
    const isGuest = (address: string): boolean => isAddressOf(address, ip, channelIp6(ip));
    return MetadataService.listenTcp({ host, host6, isGuest }, channel.content, this.#options.log);
  }

  async #announce({ request }: OpenGuest, { port, port6 }: Pick<TcpService, "port" | "port6">): Promise<HelperValues> {
    const ip = addressOf(request);
    const { values } = await this.#helper.ask("channel", { guest: request.key, mac: channelMac(ip), ip, ip6: channelIp6(ip), port: String(port), port6: String(port6 ?? NO_PORT) });
    return values;
  }

  #network(guest: OpenGuest, nics: readonly GuestNic[], channel: ChannelLink | null): GuestNetwork {
    let ending: Promise<void> | null = null;
    return {
      nics,
      channel,
      reach: guest.reach,
      close: () => (ending ??= this.#end(guest)),
      release: async () => {
        await guest.service?.close();
      },
    };
  }

  async #end(guest: OpenGuest): Promise<void> {
    const { key } = guest.request;
    this.#ports.free(guest.reach);
    await guest.service?.close();
    if (this.#guests.get(key) !== guest) return;
    this.#guests.delete(key);
    // A helper that is away is asked for what is there when it is back, and this is no longer among what should be.
    if (this.#helper.greeting !== null) await this.#remove(key);
  }

  async #remove(key: string): Promise<void> {
    try {
      await this.#helper.ask("remove", { guest: key });
    } catch (error) {
      this.#options.log.warn({ err: error, guest: key }, "what a guest had on the node's networks isn't removed");
    }
  }

  /** The helper is there, perhaps again, and may have forgotten the agent's ports. */
  async #restore(): Promise<void> {
    if (this.#helper.greeting === null) return;
    for (const guest of this.#guests.values()) {
      if (guest.service === null) continue;
      try {
        await this.#announce(guest, guest.service);
      } catch (error) {
        this.#options.log.error({ err: error, guest: guest.request.key }, "a guest's channel can't be made again");
      }
    }
    if (this.#isSettled) await this.#prune();
  }

  /** Takes away what is there of guests that don't run. */
  async #prune(): Promise<void> {
    const { items } = await this.#helper.ask("list");
    for (const key of new Set(items.flatMap((item) => item.get("guest") ?? []))) {
      if (this.#guests.has(key)) continue;
      this.#options.log.info({ guest: key }, "the networks of a guest that doesn't run are removed");
      await this.#remove(key);
    }
  }

  #takeNotice(what: string, values: HelperValues): void {
    const { log } = this.#options;
    if (what !== "refused") {
      log.warn({ what: values.get("what") }, "the helper had to put something back");
      return;
    }
    const guest = this.#guests.get(values.get("guest") ?? "");
    const kind = values.get("what") ?? "";
    if (guest === undefined || guest.told.has(kind)) return;
    guest.told.add(kind);
    log.warn({ guest: guest.request.key, what: kind }, "a guest sent what it may not");
    guest.request.onNotice(refusalText(kind));
  }
}

function newGuest(request: GuestNetworkRequest, reach: readonly Reach[]): OpenGuest {
  return { request, reach, service: null, told: new Set() };
}

function addressOf({ channel }: Pick<GuestNetworkRequest, "channel">): string {
  const ip = channel?.ip ?? null;
  if (ip === null) throw new SlipwayError("invalid", "The guest has no address for its channel, and the node needs one.");
  return ip;
}

function descriptor(values: HelperValues): number {
  const fd = Number(values.get("fd") ?? Number.NaN);
  if (!Number.isInteger(fd)) throw new SlipwayError("internal", "The node's network helper didn't say which interface a guest gets.");
  return fd;
}

/**
 * The address of who asks: the guest's own, or one that means something on its own link alone. The host's on that link is no guest's:
 * any program of this machine can bind it, and reach a guest's port by it.
 */
export function isAddressOf(address: string, ip: string, ip6: string): boolean {
  const bare = (address.split("%")[0] ?? "").toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
  return bare === ip || bare === ip6 || (bare !== HOST_LINK_LOCAL && /^fe[89ab][0-9a-f]:/.test(bare));
}
