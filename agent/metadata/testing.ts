import { randomUUID } from "node:crypto";
import { type InstanceSpec, instanceSpecSchema } from "#lib/agent-protocol/messages.ts";
import { type ChannelLimits, RUNNING_GUEST_LIMITS } from "#lib/domain/guest-lines.ts";
import { ScrubPatterns } from "#lib/domain/scrub.ts";
import type { GuestStreams, MetadataContent, MetadataTree } from "./metadata-content.ts";
import { ReadPipe } from "./read-pipe.ts";
import { WritePipe } from "./write-pipe.ts";

export const TEST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB0oUqQAfLA0fFbHN8bTz1k7v1CwIVpPYSRxA4nIrqRZ";

/** An instance with a NIC in a network of both families and one of QEMU's own, for tests. */
export function networkedInstance(change: Partial<InstanceSpec> = {}): InstanceSpec {
  return {
    ...instanceSpecSchema.parse({
      id: "0c5a1f6e-8b1d-4c6e-9a57-3f2b8d7e6c51",
      name: "web1.example.org",
      vcpus: 2,
      memoryMib: 512,
      disks: [{ id: randomUUID(), index: 0, sizeMib: 2_048, name: null }],
      nics: [
        {
          id: randomUUID(),
          index: 0,
          mac: "aa:00:00:12:34:56",
          ip: "192.0.2.10",
          mode: "bridged",
          link: "br0",
          name: null,
          network: { name: "lan", subnet: "192.0.2.0/24", gateway: "192.0.2.1", subnet6: "2001:db8::/64", gateway6: "2001:db8::1", dns: ["192.0.2.53"] },
        },
        { id: randomUUID(), index: 1, mac: "aa:00:00:12:34:57", ip: null, mode: "user", link: null, name: null },
      ],
      tags: ["env:prod", "plain", "dsmode:local"],
      communication: true,
      channelIp: "169.254.0.2",
      sshKeys: [`${TEST_KEY} alice@laptop`, `${TEST_KEY} alice@laptop`, "no key at all"],
      cluster: "cluster1",
    }),
    ...change,
  };
}

export interface HeardContent extends MetadataContent {
  readonly lines: string[];
  readonly notices: string[];
  /** Connections that were refused. */
  refused: number;
}

/** What a guest is served in tests, and what came of it. */
export function heardContent(tree: MetadataTree, { requireTokens = false, limits = RUNNING_GUEST_LIMITS, streams = null }: { readonly requireTokens?: boolean; readonly limits?: ChannelLimits; readonly streams?: GuestStreams | null } = {}): HeardContent {
  const lines: string[] = [];
  const notices: string[] = [];
  const write = new WritePipe(new ScrubPatterns([]), null, {
    onLine: (line) => lines.push(line.kind === "log" ? line.text : "progress"),
    onNotice: (text) => notices.push(text),
    onResult: () => lines.push("result"),
  }, limits);
  const content: HeardContent = {
    tree,
    requireTokens,
    isComplete: null,
    read: new ReadPipe(limits),
    write,
    streams,
    lines,
    notices,
    refused: 0,
    onContact: () => undefined,
    onRefused: () => (content.refused += 1),
    onNotice: (text) => notices.push(text),
  };
  return content;
}
