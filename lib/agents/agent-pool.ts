import { createReadStream } from "node:fs";
import type { AgentClient } from "#lib/agent-protocol/client.ts";
import { createAgentClient } from "#lib/agent-protocol/client.ts";
import { openBlob } from "#lib/blobs/blob-files.ts";
import type { AgentPool } from "#lib/context/context.ts";
import type { Database } from "#lib/db/client.ts";
import type { NotificationListener } from "#lib/db/listen.ts";
import { CHANNELS } from "#lib/db/listen.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { restoreDefinitionTar } from "#lib/os-definitions/definition-tars.ts";
import type { CertificateAuthority } from "#lib/pki/certificate-authority.ts";

export interface AgentPoolOptions {
  readonly db: Database;
  readonly notifications: NotificationListener;
  readonly pki: Pick<CertificateAuthority, "controller" | "caCertificate">;
  /** Directory of the blob store. */
  readonly blobs: string;
}

interface Entry {
  readonly client: AgentClient;
  /** What of the node's row the client was made from. */
  readonly made: string;
  /** The row changed since it was read. */
  stale: boolean;
}

/** One client a node, made when it is first needed and made anew when the node's address or certificate changes. */
export function createAgentPool({ db, notifications, pki, blobs }: AgentPoolOptions): AgentPool {
  const entries = new Map<string, Entry>();
  const pushes = new Map<string, Promise<void>>();
  const stops = [
    notifications.on(CHANNELS.nodes, (nodeId) => {
      const entry = entries.get(nodeId);
      if (entry !== undefined) entry.stale = true;
    }),
    notifications.onReconnect(() => {
      for (const entry of entries.values()) entry.stale = true;
    }),
  ];

  async function client(nodeId: string): Promise<AgentClient> {
    const known = entries.get(nodeId);
    if (known !== undefined && !known.stale) return known.client;
    if (known !== undefined) known.stale = false;
    const node = await db.node.findUnique({ where: { id: nodeId }, select: { name: true, address: true, certificate: true, offline: true } });
    const entry = entries.get(nodeId);
    if (node === null || node.address === null || node.certificate === null || node.offline) {
      drop(nodeId, entry);
      throw new SlipwayError("node_unreachable", whyNot(node));
    }
    const made = JSON.stringify([node.name, node.address, node.certificate]);
    if (entry?.made === made) return entry.client;
    drop(nodeId, entry);
    const { hostname, port } = new URL(node.address);
    const fresh = createAgentClient({
      address: { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port === "" ? 443 : port) },
      serverName: node.name,
      tls: { ...pki.controller, ca: pki.caCertificate },
      certificate: node.certificate,
    });
    entries.set(nodeId, { client: fresh, made, stale: false });
    return fresh;
  }

  function drop(nodeId: string, entry: Entry | undefined): void {
    entry?.client.close();
    entries.delete(nodeId);
  }

  async function send(nodeId: string, digest: string, signal: AbortSignal | undefined): Promise<void> {
    const agent = await client(nodeId);
    const { file, sizeBytes } = await openBlob(blobs, digest).catch(async (error: unknown) => {
      if (await restoreDefinitionTar(db, blobs, digest)) return openBlob(blobs, digest);
      throw error;
    });
    await agent.putBlob(digest, { length: sizeBytes, bytes: createReadStream(file, { highWaterMark: 1_048_576 }) }, signal);
  }

  /** Two jobs that need the same image send it once. Whoever joins waits for the other's transfer, and sends it where that one failed. */
  async function sendOnce(nodeId: string, digest: string, signal: AbortSignal | undefined): Promise<void> {
    const key = `${nodeId} ${digest}`;
    const running = pushes.get(key);
    if (running !== undefined && (await running.then(() => true, () => false))) return;
    signal?.throwIfAborted();
    const own = send(nodeId, digest, signal);
    pushes.set(key, own);
    try {
      await own;
    } finally {
      if (pushes.get(key) === own) pushes.delete(key);
    }
  }

  return {
    client,
    async pushBlobs(nodeId, digests, signal) {
      const missing = await (await client(nodeId)).missingBlobs(digests, signal);
      await Promise.all(missing.map((digest) => sendOnce(nodeId, digest, signal)));
    },
    async close() {
      for (const stop of stops) stop();
      for (const { client: open } of entries.values()) open.close();
      entries.clear();
      await Promise.allSettled(pushes.values());
    },
  };
}

function whyNot(node: { readonly name: string; readonly offline: boolean } | null): string {
  if (node === null) return "The node isn't there any more.";
  return node.offline ? `Node ${node.name} is marked offline.` : `Node ${node.name} has not enrolled yet.`;
}
