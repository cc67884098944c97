import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { loadConfig } from "#lib/config/config.ts";
import type { Config } from "#lib/config/config.ts";
import { createLogger } from "#lib/logging/logger.ts";
import type { Logger } from "#lib/logging/logger.ts";
import type { Controller } from "./start-controller.ts";
import { startController } from "./start-controller.ts";

/** Milliseconds that a shutdown may take before the process ends without it. */
const SHUTDOWN_MILLISECONDS = 25_000;

/**
 * The controller process: console, API, RAPI and worker, or the roles that `--roles` names. Ends with status 0 when it is
 * told to by SIGTERM or SIGINT, otherwise with 1.
 */
async function main(): Promise<void> {
  const config = loadConfig({ arguments: process.argv.slice(2) });
  await switchOffCoreDumps();
  const log = createLogger({ level: config.logLevel });
  endOnUnexpectedErrors(log);
  const state: { controller: Controller | null; isEnding: boolean } = { controller: null, isEnding: false };

  const end = (reason: string, status: number): void => {
    if (state.isEnding) return;
    state.isEnding = true;
    log.info({ reason }, "the controller ends");
    setTimeout(() => {
      log.error("the shutdown takes too long and is cut short");
      process.exit(1);
    }, SHUTDOWN_MILLISECONDS).unref();
    void (state.controller?.close() ?? Promise.resolve()).then(() => process.exit(status));
  };
  process.on("SIGTERM", () => {
    end("SIGTERM", 0);
  });
  process.on("SIGINT", () => {
    end("SIGINT", 0);
  });

  const controller = await start(config, log, () => {
    end("another controller has taken over", 1);
  });
  state.controller = controller;
  log.info({ console: where(controller.console), rapi: where(controller.rapi), roles: config.roles }, "the controller is ready");
  if (process.send !== undefined) {
    process.send({ type: "ready" });
    process.disconnect();
  }
}

async function start(config: Config, log: Logger, onLost: () => void): Promise<Controller> {
  try {
    return await startController(config, log, onLost);
  } catch (error) {
    log.fatal({ error }, "the controller can't start");
    process.exit(1);
  }
}

/** However this was started: a core dump would hold keys, and secrets of running jobs. */
async function switchOffCoreDumps(): Promise<void> {
  await promisify(execFile)("prlimit", ["--core=0:0", "--pid", String(process.pid)]);
}

function where(listening: Controller["console"]): string | null {
  return listening === null ? null : `${listening.host}:${listening.port}`;
}

/** What nobody caught leaves the process in a state that nobody knows. The line has the error's chosen fields, and no value. */
function endOnUnexpectedErrors(log: Logger): void {
  const die = (error: unknown): void => {
    log.fatal({ error }, "an error that nobody caught");
    process.exit(1);
  };
  process.on("uncaughtException", die);
  process.on("unhandledRejection", die);
}

try {
  await main();
} catch (error) {
  // Only the settings and the limit can fail before there is a log.
  process.stderr.write(`slipway: ${error instanceof Error ? error.message : "the controller can't start"}\n`);
  process.exit(1);
}
