import type { Logger } from "pino";
import type { GuestData, InstanceSpec, Reach } from "#lib/agent-protocol/messages.ts";
import type { ScrubPatterns } from "#lib/domain/scrub.ts";
import { limitConnections } from "../channel/limit-connections.ts";
import type { RunningGuest } from "../hypervisor/hypervisor.ts";
import type { Journal } from "../journal/journal.ts";
import { noticeLine } from "../logs/line-gatherer.ts";
import type { GuestNetwork, Networks } from "../network/guest-network.ts";
import { createChannelLog } from "./channel-log.ts";
import type { FirstBootChannel } from "./first-boot-channel.ts";
import { InstanceChannel } from "./instance-channel.ts";

export interface InstanceNetworkOptions {
  readonly networks: Networks;
  readonly journal: Journal;
  readonly log: Logger;
  /** The node's name. */
  readonly node: string;
  readonly folder: string;
  readonly spec: InstanceSpec;
  readonly reach: readonly Reach[];
  readonly guestData: GuestData | null;
  readonly patterns: ScrubPatterns | null;
  readonly guest: () => RunningGuest | null;
  /** While the install of this system isn't over; null: it is. */
  readonly firstBoot: FirstBootChannel | null;
}

/** What connects an instance while it runs: its interfaces, and its channel with what is behind it. */
export interface InstanceNetwork {
  readonly network: GuestNetwork;
  readonly channel: InstanceChannel | null;
  /** The guest is gone. */
  close(): Promise<void>;
  /** The agent goes and the guest goes on. */
  release(): Promise<void>;
}

/** `how`: before the guest is started, or again for one that has gone on without the agent. */
export async function openInstanceNetwork(how: "open" | "reopen", options: InstanceNetworkOptions): Promise<InstanceNetwork> {
  const { networks, journal, log, node, folder, spec, reach, guestData, patterns, guest, firstBoot } = options;
  const lines = createChannelLog(journal, spec.id);
  const onNotice = (text: string): void => {
    lines.add(noticeLine(text));
  };
  const onRefused = limitConnections({ guest, onNotice, log });
  const channel = spec.communication ? new InstanceChannel({ spec, node, guestData, patterns, log: lines, onRefused, firstBoot }) : null;
  const end = (): void => {
    channel?.end();
    lines.close();
  };
  let network: GuestNetwork;
  try {
    const request = { folder, key: spec.id, nics: spec.nics, reach, channel: channel === null ? null : { ip: spec.channelIp, content: channel.content }, onNotice };
    network = await networks[how](request);
  } catch (error) {
    end();
    throw error;
  }
  return {
    network,
    channel,
    close: async () => {
      await network.close();
      end();
    },
    release: async () => {
      await network.release();
      end();
    },
  };
}
