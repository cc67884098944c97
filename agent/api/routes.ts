import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { blobListSchema, channelMessageSchema, digestSchema, diskOrderSchema, exportFileSchema, guestDataSchema, installOrderSchema, leaseRenewalSchema, powerOrderSchema, probeRequestSchema } from "#lib/agent-protocol/messages.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { AgentBackend } from "./backend.ts";
import { streamEvents } from "./event-stream.ts";
import { LARGEST_MESSAGE_BYTES, LARGEST_ORDER_BYTES, readJson } from "./read-body.ts";
import { sendStream } from "./send-stream.ts";

export interface RouteCall {
  readonly backend: AgentBackend;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What the route's pattern captured first, and second. */
  readonly id: string;
  readonly name: string;
  readonly query: URLSearchParams;
  /** Aborted when the agent shuts down. */
  readonly closing: AbortSignal;
}

interface Route {
  readonly method: string;
  readonly path: RegExp;
  /** Time for the whole call, from the first byte; null: as long as bytes move. */
  readonly timeoutMs: number | null;
  /** The body of a 200, undefined for 204, or "answered" where the handler has answered by itself. */
  readonly handle: (call: RouteCall) => Promise<object | undefined | "answered">;
}

const CALL_MS = 30_000;
/** A transfer in which nothing moves for so long has broken off. */
const STALLED_MS = 60_000;
const ackSchema = z.strictObject({ journal: z.uuid(), seq: z.number().int().min(0) });
const afterSchema = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** A request's body while bytes of it come in. */
async function takeBytes(request: IncomingMessage, take: (bytes: AsyncIterable<Buffer>) => Promise<void>): Promise<void> {
  request.setTimeout(STALLED_MS, () => request.destroy());
  // Without an encoding set, a request yields buffers.
  await take(request as AsyncIterable<Buffer>);
  request.setTimeout(0);
}

/** The routes of lib/agent-protocol/messages.ts, in its order. */
export const ROUTES: readonly Route[] = [
  { method: "GET", path: /^\/v1\/facts$/, timeoutMs: CALL_MS, handle: ({ backend }) => backend.facts() },
  {
    method: "POST",
    path: /^\/v1\/blobs\/missing$/,
    timeoutMs: CALL_MS,
    handle: async ({ backend, request }) => {
      const { digests } = await readJson(request, blobListSchema, LARGEST_MESSAGE_BYTES);
      const has = await Promise.all(digests.map((digest) => backend.hasBlob(digest)));
      return { digests: digests.filter((_, index) => has[index] === false) };
    },
  },
  {
    method: "PUT",
    path: /^\/v1\/blobs\/([^/]+)$/,
    timeoutMs: null,
    handle: async ({ backend, id, request }) => {
      const digest = digestSchema.parse(id);
      await takeBytes(request, (bytes) => backend.putBlob(digest, bytes));
      return undefined;
    },
  },
  { method: "GET", path: /^\/v1\/instances\/([^/]+)$/, timeoutMs: CALL_MS, handle: ({ backend, id }) => backend.instance(z.uuid().parse(id)) },
  {
    method: "PUT",
    path: /^\/v1\/instances\/([^/]+)\/power$/,
    timeoutMs: null,
    handle: async ({ backend, id, request }) => {
      const order = await readJson(request, powerOrderSchema, LARGEST_ORDER_BYTES);
      if (order.instance.id !== id) throw new SlipwayError("invalid", "The order is for another instance.", { field: "instance.id" });
      return backend.power(id, order);
    },
  },
  {
    method: "PUT",
    path: /^\/v1\/instances\/([^/]+)\/metadata$/,
    timeoutMs: CALL_MS,
    handle: async ({ backend, id, request }) => {
      await backend.putGuestData(z.uuid().parse(id), await readJson(request, guestDataSchema, LARGEST_ORDER_BYTES));
      return undefined;
    },
  },
  { method: "GET", path: /^\/v1\/metadata\/wanted$/, timeoutMs: CALL_MS, handle: async ({ backend }) => ({ ids: await backend.wantedGuestData() }) },
  {
    method: "POST",
    path: /^\/v1\/instances\/([^/]+)\/channel$/,
    timeoutMs: CALL_MS,
    handle: async ({ backend, id, request }) => {
      await backend.sendToGuest(z.uuid().parse(id), await readJson(request, channelMessageSchema, LARGEST_MESSAGE_BYTES));
      return undefined;
    },
  },
  {
    method: "PUT",
    path: /^\/v1\/instances\/([^/]+)\/disks$/,
    // Disks are as large as they are: whoever gave the order stops listening when it wants to, and may ask again.
    timeoutMs: null,
    handle: async ({ backend, id, request }) => {
      const order = await readJson(request, diskOrderSchema, LARGEST_ORDER_BYTES);
      if (order.action === "rollback" && order.instance.id !== id) throw new SlipwayError("invalid", "The order is for another instance.", { field: "instance.id" });
      return backend.diskOrder(z.uuid().parse(id), order);
    },
  },
  {
    method: "DELETE",
    path: /^\/v1\/instances\/([^/]+)$/,
    timeoutMs: null,
    handle: async ({ backend, id, query }) => {
      await backend.removeInstance(z.uuid().parse(id), z.uuid().parse(query.get("order")), query.get("erase") === "yes");
      return undefined;
    },
  },
  {
    method: "PUT",
    path: /^\/v1\/installs\/([^/]+)$/,
    timeoutMs: CALL_MS,
    handle: async ({ backend, id, request, response }) => {
      const order = await readJson(request, installOrderSchema, LARGEST_ORDER_BYTES);
      if (order.id !== id) throw new SlipwayError("invalid", "The order has another id.", { field: "id" });
      const status = await backend.install(order);
      response.statusCode = 202;
      return status;
    },
  },
  { method: "GET", path: /^\/v1\/installs\/([^/]+)$/, timeoutMs: CALL_MS, handle: ({ backend, id }) => backend.installStatus(z.uuid().parse(id)) },
  { method: "POST", path: /^\/v1\/installs\/([^/]+)\/cancel$/, timeoutMs: CALL_MS, handle: ({ backend, id }) => backend.cancelInstall(z.uuid().parse(id)) },
  { method: "POST", path: /^\/v1\/installs\/([^/]+)\/complete$/, timeoutMs: CALL_MS, handle: ({ backend, id }) => backend.completeInstall(z.uuid().parse(id)) },
  {
    method: "POST",
    path: /^\/v1\/sources\/probe$/,
    timeoutMs: CALL_MS,
    handle: async ({ backend, request }) => backend.probeSources(await readJson(request, probeRequestSchema, LARGEST_MESSAGE_BYTES)),
  },
  {
    method: "GET",
    path: /^\/v1\/exports\/([^/]+)\/files\/([^/]+)$/,
    timeoutMs: null,
    handle: async ({ backend, id, name, response }) => {
      await sendStream(response, await backend.readExportFile(z.uuid().parse(id), exportFileSchema.shape.name.parse(name)), STALLED_MS);
      return "answered";
    },
  },
  {
    method: "PUT",
    path: /^\/v1\/exports\/([^/]+)\/files\/([^/]+)$/,
    timeoutMs: null,
    handle: async ({ backend, id, name, query, request }) => {
      const [exportId, file, sha256] = [z.uuid().parse(id), exportFileSchema.shape.name.parse(name), digestSchema.parse(query.get("sha256"))];
      await takeBytes(request, (bytes) => backend.putExportFile(exportId, file, sha256, bytes));
      return undefined;
    },
  },
  {
    method: "DELETE",
    path: /^\/v1\/exports\/([^/]+)$/,
    timeoutMs: null,
    handle: async ({ backend, id, query }) => {
      await backend.removeExport(z.uuid().parse(id), query.get("erase") === "yes");
      return undefined;
    },
  },
  {
    method: "POST",
    path: /^\/v1\/leases$/,
    timeoutMs: CALL_MS,
    handle: async ({ backend, request }) => {
      await backend.renewLeases(await readJson(request, leaseRenewalSchema, LARGEST_MESSAGE_BYTES));
      return undefined;
    },
  },
  { method: "GET", path: /^\/v1\/os-definitions$/, timeoutMs: CALL_MS, handle: ({ backend }) => backend.listOsDefinitions() },
  {
    method: "GET",
    path: /^\/v1\/os-definitions\/([^/]+)$/,
    timeoutMs: CALL_MS,
    handle: async ({ backend, id, response }) => {
      const tar = await backend.readOsDefinition(id);
      response.setTimeout(STALLED_MS, () => response.destroy());
      response.writeHead(200, { "content-type": "application/x-tar", "content-length": tar.length, "cache-control": "no-store" });
      response.end(tar);
      return "answered";
    },
  },
  {
    method: "GET",
    path: /^\/v1\/events$/,
    timeoutMs: null,
    handle: async ({ backend, query, response, closing }) => {
      const from = { journal: query.get("journal"), after: afterSchema.parse(query.get("after") ?? "0") };
      await streamEvents(backend.journal, response, from, closing);
      return "answered";
    },
  },
  {
    method: "POST",
    path: /^\/v1\/events\/ack$/,
    timeoutMs: CALL_MS,
    handle: async ({ backend, request }) => {
      const { journal, seq } = await readJson(request, ackSchema, LARGEST_MESSAGE_BYTES);
      await backend.journal.acknowledge(journal, seq);
      return undefined;
    },
  },
];
