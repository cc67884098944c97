import type { Duplex } from "node:stream";
import { z } from "zod";
import { SlipwayError } from "#lib/domain/errors.ts";
import { DEFINITION_LIMITS, DEFINITION_NAME } from "#lib/domain/os-definition-files.ts";
import { encodeDiskOrder, encodeGuestData, encodeInstallOrder, encodePowerOrder, encodeProbeRequest } from "./encode-order.ts";
import { readEvents, type EventStreamItem } from "./event-reader.ts";
import {
  blobListSchema,
  type ChannelMessage,
  CONSOLE_PROTOCOL,
  digestSchema,
  type DiskOrder,
  type DiskResult,
  diskResultSchema,
  type ExportFile,
  exportFileSchema,
  type FolderList,
  folderListSchema,
  type GuestData,
  idListSchema,
  type InstallOrder,
  type InstallStatus,
  installStatusSchema,
  type InstanceRuntime,
  instanceRuntimeSchema,
  type LeaseRenewal,
  type NodeFacts,
  nodeFactsSchema,
  type PowerOrder,
  type ProbeRequest,
  type ProbeResult,
  probeResultSchema,
  PROTOCOL_VERSION,
} from "./messages.ts";
import { type AgentClientOptions, AgentTransport, type Call } from "./transport.ts";

export type { AgentClientOptions } from "./transport.ts";
export type { EventStreamItem } from "./event-reader.ts";
export { AgentRefusal, agentCodeOf } from "./refusal.ts";

/** For a call that the agent answers from memory or after one write. */
const CALL_MS = 15_000;
/** What ending a guest may take beyond the grace that it is given. */
const ENDING_MS = 60_000;
/** For copying disks, however large they are. The agent goes on beyond it, and the same order again waits for its end. */
const DISK_ORDER_MS = 3_600_000;
/** For looking at images, media and packages: the agent's own limits end it before. */
const PROBE_MS = 30_000;
/** Of those, at a time: whoever looks at many forms isn't to keep orders from the node. */
const PROBES_AT_ONCE = 16;
/** A transfer in which nothing moves for so long has broken off. */
const STALLED_MS = 120_000;
/** For reading a folder and sending it. */
const FOLDER_MS = 60_000;
/** A definition's files, and a header and a rounding up for each of them and its folders. */
const LARGEST_FOLDER_BYTES = DEFINITION_LIMITS.totalBytes + 2 * 1_048_576;

/** A blob's bytes and how many there are. */
export interface BlobSource {
  readonly length: number;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * One agent, as the controller sees it (design: "Controllers dial agents, for orders and for events"). Every method throws
 * `node_unreachable` where there is no answer, and an AgentRefusal (`node_refused`) where the agent said no.
 */
export interface AgentClient {
  facts(signal?: AbortSignal): Promise<NodeFacts>;
  /** Those of the blobs that the node hasn't got. */
  missingBlobs(digests: readonly string[], signal?: AbortSignal): Promise<string[]>;
  putBlob(digest: string, source: BlobSource, signal?: AbortSignal): Promise<void>;
  instance(instanceId: string, signal?: AbortSignal): Promise<InstanceRuntime>;
  /** Resolves when the order is carried out. */
  power(order: PowerOrder, signal?: AbortSignal): Promise<InstanceRuntime>;
  /** Running guests whose private values were lost with an earlier process of the agent. */
  wantedGuestData(signal?: AbortSignal): Promise<string[]>;
  putGuestData(instanceId: string, data: GuestData, signal?: AbortSignal): Promise<void>;
  /** Resolves when the line waits for the guest to read it. */
  sendToGuest(instanceId: string, message: ChannelMessage, signal?: AbortSignal): Promise<void>;
  /** `erase`: its disks are overwritten, which may go on afterwards. */
  removeInstance(instanceId: string, orderId: string, options?: { readonly erase?: boolean; readonly signal?: AbortSignal }): Promise<void>;
  /** Resolves when the order is carried out, however large the disks are. */
  diskOrder(instanceId: string, order: DiskOrder, signal?: AbortSignal): Promise<DiskResult>;
  /**
   * The serial console of what runs, bytes both ways, until one side ends it. One caller can have it at a time: `conflict` for the next,
   * and where nothing runs.
   */
  openConsole(instanceId: string, signal?: AbortSignal): Promise<Duplex>;
  /** Resolves when the agent holds the order durably. */
  install(order: InstallOrder, signal?: AbortSignal): Promise<InstallStatus>;
  installStatus(installId: string, signal?: AbortSignal): Promise<InstallStatus>;
  cancelInstall(installId: string, signal?: AbortSignal): Promise<InstallStatus>;
  /** Ends the wait for a first boot's report. */
  completeInstall(installId: string, signal?: AbortSignal): Promise<InstallStatus>;
  /** Whether image, medium and package can be reached from the node. */
  probeSources(request: ProbeRequest, signal?: AbortSignal): Promise<ProbeResult>;
  /** The bytes of a file of an export that the node keeps, as they come. They aren't checked: whoever takes them in does. */
  readExportFile(exportId: string, name: string, signal?: AbortSignal): Promise<BlobSource>;
  /** Hands a file to a node for an import. Refused unless its bytes have the digest. */
  putExportFile(exportId: string, file: ExportFile, bytes: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void>;
  /** Removes what a node keeps of an export; nothing there is as good. `erase`: its files are overwritten. */
  removeExport(exportId: string, options?: { readonly erase?: boolean; readonly signal?: AbortSignal }): Promise<void>;
  renewLeases(renewal: LeaseRenewal, signal?: AbortSignal): Promise<void>;
  /** OS definitions in the folders that the node's administrator lists. */
  listOsDefinitions(signal?: AbortSignal): Promise<FolderList>;
  /** One of them as a tar. What a node sends is as good as what anybody uploads. */
  fetchOsDefinition(name: string, signal?: AbortSignal): Promise<Uint8Array>;
  /** Events after a position, as they happen, until aborted (then it ends) or the connection breaks (then it throws). */
  events(from: { journal: string | null; after: number }, signal?: AbortSignal): AsyncGenerator<EventStreamItem, void, void>;
  acknowledge(journal: string, seq: number, signal?: AbortSignal): Promise<void>;
  close(): void;
}

const spokenSchema = z.object({ protocol: z.number().int() });

function json(body: object): NonNullable<Call["body"]> {
  return { type: "application/json", text: JSON.stringify(body) };
}

/** A body that holds values, encoded by encode-order.ts. */
function sealed(text: string): NonNullable<Call["body"]> {
  return { type: "application/json", text };
}

export function createAgentClient(options: AgentClientOptions): AgentClient {
  const transport = new AgentTransport(options);
  let probes = 0;

  async function parsed<S extends z.ZodType>(schema: S, call: Call, silenceMs?: number | null): Promise<z.output<S>> {
    return understood(schema, await transport.json(call, silenceMs));
  }

  function understood<S extends z.ZodType>(schema: S, answer: unknown): z.output<S> {
    const result = schema.safeParse(answer);
    if (result.success) return result.data;
    throw new SlipwayError("node_unreachable", `The agent of node ${options.serverName} gave an answer that can't be understood.`, {
      cause: result.error.issues.map(({ code, path }) => ({ code, path })),
    });
  }

  return {
    facts: async (signal) => {
      const answer = await transport.json({ method: "GET", path: "/v1/facts", timeoutMs: CALL_MS, signal });
      // Of another release there may be nothing else that can be understood.
      const spoken = spokenSchema.safeParse(answer).data?.protocol;
      if (spoken === undefined || spoken === PROTOCOL_VERSION) return understood(nodeFactsSchema, answer);
      const older = spoken < PROTOCOL_VERSION ? "agent" : "controller";
      throw new SlipwayError("node_unreachable", `The agent of node ${options.serverName} speaks version ${spoken} of the protocol, and this controller version ${PROTOCOL_VERSION}. Upgrade the ${older}.`);
    },
    missingBlobs: async (digests, signal) => {
      const call = { method: "POST", path: "/v1/blobs/missing", body: json({ digests }), timeoutMs: CALL_MS, signal } as const;
      return (await parsed(blobListSchema, call)).digests;
    },
    putBlob: async (digest, { length, bytes }, signal) => {
      const body = { type: "application/octet-stream", bytes, length } as const;
      await transport.json({ method: "PUT", path: `/v1/blobs/${digestSchema.parse(digest)}`, body, timeoutMs: null, signal }, 120_000);
    },
    instance: (instanceId, signal) =>
      parsed(instanceRuntimeSchema, { method: "GET", path: `/v1/instances/${instanceId}`, timeoutMs: CALL_MS, signal }),
    power: (order, signal) => {
      const timeoutMs = order.graceSeconds * 1_000 + ENDING_MS;
      return parsed(instanceRuntimeSchema, { method: "PUT", path: `/v1/instances/${order.instance.id}/power`, body: sealed(encodePowerOrder(order)), timeoutMs, signal, isLong: true }, null);
    },
    wantedGuestData: async (signal) => (await parsed(idListSchema, { method: "GET", path: "/v1/metadata/wanted", timeoutMs: CALL_MS, signal })).ids,
    putGuestData: async (instanceId, data, signal) => {
      await transport.json({ method: "PUT", path: `/v1/instances/${instanceId}/metadata`, body: sealed(encodeGuestData(data)), timeoutMs: CALL_MS, signal });
    },
    sendToGuest: async (instanceId, message, signal) => {
      await transport.json({ method: "POST", path: `/v1/instances/${instanceId}/channel`, body: json(message), timeoutMs: CALL_MS, signal });
    },
    removeInstance: async (instanceId, orderId, { erase = false, signal } = {}) => {
      await transport.json({ method: "DELETE", path: `/v1/instances/${instanceId}?order=${orderId}${erase ? "&erase=yes" : ""}`, timeoutMs: ENDING_MS, signal, isLong: true }, null);
    },
    diskOrder: (instanceId, order, signal) =>
      parsed(diskResultSchema, { method: "PUT", path: `/v1/instances/${instanceId}/disks`, body: sealed(encodeDiskOrder(order)), timeoutMs: DISK_ORDER_MS, signal, isLong: true }, null),
    openConsole: (instanceId, signal) => transport.upgrade(`/v1/instances/${instanceId}/console`, CONSOLE_PROTOCOL, CALL_MS, signal),
    install: (order, signal) => {
      return parsed(installStatusSchema, { method: "PUT", path: `/v1/installs/${order.id}`, body: sealed(encodeInstallOrder(order)), timeoutMs: CALL_MS, signal });
    },
    installStatus: (installId, signal) =>
      parsed(installStatusSchema, { method: "GET", path: `/v1/installs/${installId}`, timeoutMs: CALL_MS, signal }),
    cancelInstall: (installId, signal) =>
      parsed(installStatusSchema, { method: "POST", path: `/v1/installs/${installId}/cancel`, timeoutMs: CALL_MS, signal }),
    completeInstall: (installId, signal) =>
      parsed(installStatusSchema, { method: "POST", path: `/v1/installs/${installId}/complete`, timeoutMs: CALL_MS, signal }),
    probeSources: async (request, signal) => {
      if (probes >= PROBES_AT_ONCE) throw new SlipwayError("too_many_requests", `Node ${options.serverName} is looking at as many images, media and packages as it may.`);
      probes += 1;
      try {
        return await parsed(probeResultSchema, { method: "POST", path: "/v1/sources/probe", body: sealed(encodeProbeRequest(request)), timeoutMs: PROBE_MS, signal, isLong: true }, null);
      } finally {
        probes -= 1;
      }
    },
    readExportFile: async (exportId, name, signal) => {
      const path = `/v1/exports/${exportId}/files/${exportFileSchema.shape.name.parse(name)}`;
      const response = await transport.open({ method: "GET", path, timeoutMs: null, signal, isLong: true }, STALLED_MS);
      // Without an encoding set, an answer yields buffers.
      return { length: Number(response.headers["content-length"] ?? Number.NaN), bytes: response as AsyncIterable<Buffer> };
    },
    putExportFile: async (exportId, { name, sha256, bytes: length }, bytes, signal) => {
      const path = `/v1/exports/${exportId}/files/${exportFileSchema.shape.name.parse(name)}?sha256=${digestSchema.parse(sha256)}`;
      await transport.json({ method: "PUT", path, body: { type: "application/octet-stream", bytes, length }, timeoutMs: null, signal, isLong: true }, STALLED_MS);
    },
    removeExport: async (exportId, { erase = false, signal } = {}) => {
      await transport.json({ method: "DELETE", path: `/v1/exports/${exportId}${erase ? "?erase=yes" : ""}`, timeoutMs: ENDING_MS, signal, isLong: true }, null);
    },
    renewLeases: async (renewal, signal) => {
      await transport.json({ method: "POST", path: "/v1/leases", body: json(renewal), timeoutMs: CALL_MS, signal });
    },
    listOsDefinitions: (signal) => parsed(folderListSchema, { method: "GET", path: "/v1/os-definitions", timeoutMs: CALL_MS, signal }),
    fetchOsDefinition: async (name, signal) => {
      if (!DEFINITION_NAME.test(name)) throw new SlipwayError("invalid", "The name can't be an OS definition's.", { field: "name" });
      return transport.bytes({ method: "GET", path: `/v1/os-definitions/${name}`, timeoutMs: FOLDER_MS, signal }, LARGEST_FOLDER_BYTES);
    },
    events: (from, signal) => readEvents(transport, from, signal),
    acknowledge: async (journal, seq, signal) => {
      await transport.json({ method: "POST", path: "/v1/events/ack", body: json({ journal, seq }), timeoutMs: CALL_MS, signal });
    },
    close: () => {
      transport.close();
    },
  };
}
