import type { NicSpec, NodeFacts, Reach } from "#lib/agent-protocol/messages.ts";
import type { ChannelLink, GuestNic } from "../hypervisor/hypervisor.ts";
import type { MetadataContent } from "../metadata/metadata-content.ts";

/** What a guest is to be connected to. */
export interface GuestNetworkRequest {
  /** The guest's folder, in which QEMU works. No two guests share one. */
  readonly folder: string;
  /** What the helper calls the guest: unique on the node, `[a-z0-9-]{1,64}`. */
  readonly key: string;
  readonly nics: readonly NicSpec[];
  /** Where its forwarded ports led before: they stay where they can. */
  readonly reach: readonly Reach[];
  /** Its channel, or null. `ip`: its address in system mode, null in session mode. */
  readonly channel: { readonly ip: string | null; readonly content: MetadataContent } | null;
  /** Something that the guest's owner should know of what it does on its networks. */
  readonly onNotice: (text: string) => void;
}

/** What connects one guest, while it runs. */
export interface GuestNetwork {
  /** What QEMU is told. */
  readonly nics: readonly GuestNic[];
  readonly channel: ChannelLink | null;
  /** Ports of the guest that are reached on ports of its node. */
  readonly reach: readonly Reach[];
  /** The guest is gone: ends its connections, and takes down what was made for it. Idempotent. Never rejects. */
  close(): Promise<void>;
  /** The agent goes and the guest goes on: lets its network stand. */
  release(): Promise<void>;
}

/**
 * How guests of this node are connected (design: metadata, "The channel"): one contract, built in two ways. In session mode QEMU's
 * user network leads to a socket that belongs to the guest; in system mode a TAP of its own does, and the guest is known by interface
 * and address.
 */
export interface Networks {
  readonly mode: "session" | "system";
  /** What NICs can be connected to. */
  readonly facts: NodeFacts["networking"];
  /** The same, asked for anew: bridges come and go. */
  currentFacts(): Promise<NodeFacts["networking"]>;
  /**
   * Whether these NICs can be connected as things are now; nothing is made.
   *
   * @throws SlipwayError `unsupported`, with what the node lacks and who can help
   */
  checkNics(nics: readonly NicSpec[]): Promise<void>;
  /**
   * Makes what connects a guest, before it is started.
   *
   * @throws SlipwayError `unsupported` where the helper doesn't answer; `conflict`, `not_allowed`, `invalid` where it refuses
   */
  open(request: GuestNetworkRequest): Promise<GuestNetwork>;
  /** The same for a guest that has gone on without the agent: its interfaces are there, and what the agent answers is made again. */
  reopen(request: GuestNetworkRequest): Promise<GuestNetwork>;
  /** Every guest that goes on is open again: whatever else is there is an earlier agent's, and goes. */
  settle(): void;
  close(): Promise<void>;
}
