import { mkdirSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import next from "next";
import { startHeartbeat } from "#lib/agents/heartbeat.ts";
import type { NodeFollowers } from "#lib/agents/node-followers.ts";
import { startNodeFollowers } from "#lib/agents/node-followers.ts";
import type { Config } from "#lib/config/config.ts";
import { installServices } from "#lib/context/context.ts";
import { openServices } from "#lib/context/open-services.ts";
import { ingestAgentEvents } from "#lib/installs/ingest-agent-events.ts";
import { startJobWorker } from "#lib/jobs/worker.ts";
import type { Logger } from "#lib/logging/logger.ts";
import { createRapiHandler } from "#lib/rapi/handler.ts";
import { ConsoleDoor } from "./console-door.ts";
import type { Handler } from "./handle-request.ts";
import { LONGEST_REQUEST_MILLISECONDS, mainHandler } from "./handle-request.ts";
import type { Listening } from "./listen-http.ts";
import { listenHttp, readTlsFiles } from "./listen-http.ts";

export interface Controller {
  readonly console: Listening | null;
  readonly rapi: Listening | null;
  /** Takes nothing new, lets what runs come to an end or gives it to others, and lets go of everything. */
  close(): Promise<void>;
}

/** Milliseconds in which the database must answer for this process to count as ready. */
const READY_MILLISECONDS = 2_000;

/**
 * Starts a controller with the roles that its settings name (design: architecture, "Controller" and "Worker").
 *
 * @param onLost called when the process must end because others have taken over from it.
 */
export async function startController(config: Config, log: Logger, onLost: () => void): Promise<Controller> {
  mkdirSync(config.home, { recursive: true, mode: 0o700 });
  mkdirSync(config.paths.blobs, { recursive: true, mode: 0o700 });
  const stopping = new AbortController();
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    stopping.abort();
    for (const closer of closers.splice(0).reverse()) {
      // One that fails doesn't keep the others from letting go.
      await closer().catch((error: unknown) => log.error({ error }, "the shutdown met an error"));
    }
  };
  try {
    const open = await openServices(config, log);
    closers.push(() => open.close());
    const { services, pki } = open;
    installServices(services);
    const heartbeat = await startHeartbeat(services, onLost);
    closers.push(() => heartbeat.leave());
    const isShared = config.roles.includes("worker");
    const worker = await startJobWorker(services, { shared: isShared });
    closers.push(() => worker.stop());
    if (isShared) {
      const followers: NodeFollowers = startNodeFollowers(services, ingestAgentEvents);
      closers.push(() => followers.close());
    }

    const rapiHandler = createRapiHandler(services, stopping.signal);
    const isReady = async (): Promise<boolean> => !stopping.signal.aborted && (await answersInTime(services.db.$queryRaw`SELECT 1`));
    const rapi = config.roles.includes("rapi")
      ? await listenHttp({
          host: config.rapi.host,
          port: config.rapi.port,
          tls: config.rapi.tls === null ? pki.rapi : readTlsFiles(config.rapi.tls),
          handle: (request, response) => void rapiHandler(request, response),
        })
      : null;
    if (rapi !== null) closers.push(() => rapi.close());
    const consoles = new ConsoleDoor(services);
    const console = config.roles.includes("web")
      ? await listenHttp({
          host: config.console.host,
          port: config.console.port,
          tls: config.console.tls === null ? null : readTlsFiles(config.console.tls),
          handle: mainHandler({ services, pages: await preparePages(config), rapi: rapiHandler, isReady }),
          upgrade: consoles.take,
          requestMs: LONGEST_REQUEST_MILLISECONDS,
        })
      : null;
    if (console !== null) closers.push(() => console.close());
    closers.push(() => {
      consoles.close();
      return Promise.resolve();
    });
    // First of all at the end: streams go, and take up again at another controller.
    closers.push(() => services.feed.close());
    return { console, rapi, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Next.js in this process. It finds the services by globalThis (lib/context/context.ts). Left alone it listens for upgrades on the server
 * that its first request came by, and ends WebSockets at addresses that it has routes for; on a server that never listens it hears none.
 */
async function preparePages(config: Config): Promise<Handler> {
  const app = next({ dev: !config.production, dir: path.resolve(import.meta.dirname, ".."), hostname: config.console.host, port: config.console.port, httpServer: createServer() });
  await app.prepare();
  return app.getRequestHandler();
}

async function answersInTime(query: PromiseLike<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, READY_MILLISECONDS, false);
  });
  try {
    return await Promise.race([Promise.resolve(query).then(() => true, () => false), late]);
  } finally {
    clearTimeout(timer);
  }
}
