import type { MetadataContent } from "../metadata/metadata-content.ts";

/**
 * The communication mechanism of one guest (design: metadata, "The channel"): one contract, built in two ways. In session mode
 * QEMU's user network leads to a socket that belongs to the guest; in system mode a TAP of its own does, and the guest is known by
 * interface and address.
 */
export interface Channel {
  /** What QEMU is told. `fd`: a TAP that the launcher hands over; session: QEMU's own network. */
  readonly link: ChannelLink;
  /** Ends the guest's connections, and takes down what was made for it. Idempotent. */
  close(): Promise<void>;
}

export type ChannelLink = { readonly kind: "session" } | { readonly kind: "tap"; readonly fd: number; readonly mac: string };

export interface ChannelRequest {
  /** The guest's folder, in which QEMU works. No two guests share one. */
  readonly folder: string;
  /** What the helper calls the guest: unique on the node, `[a-z0-9-]{1,64}`. */
  readonly key: string;
  /** Its address in system mode, null in session mode. */
  readonly ip: string | null;
  readonly content: MetadataContent;
}

export interface Channels {
  readonly mode: "session" | "system";
  /**
   * Makes a guest's channel, before it starts, or again for one that has gone on without the agent.
   *
   * @throws SlipwayError `unsupported` where the helper doesn't answer
   */
  open(request: ChannelRequest): Promise<Channel>;
}
