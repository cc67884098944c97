import { execFile } from "node:child_process";
import { parseArgs, promisify } from "node:util";
import { pino } from "pino";
import { loadAgentConfig } from "./config.ts";
import { startAgent } from "./start-agent.ts";

/** `node agent/main.ts --config FILE`: the node agent, in the foreground, as an ordinary user. Logs as JSON lines to stdout. */
async function main(): Promise<void> {
  const log = pino({ name: "agent" });
  process.umask(0o077);
  if (process.getuid?.() === 0) {
    log.fatal("the agent doesn't run as root: start it as an ordinary user");
    process.exitCode = 1;
    return;
  }
  const { values } = parseArgs({ options: { config: { type: "string" } } });
  if (values.config === undefined) {
    log.fatal("usage: node agent/main.ts --config FILE");
    process.exitCode = 2;
    return;
  }
  try {
    await switchOffCoreDumps();
    const agent = await startAgent(await loadAgentConfig(values.config), log, (error) => {
      log.fatal({ err: error }, "the journal can't be written");
      process.exit(1);
    });
    tellReady();
    let isClosing = false;
    const shutDown = (signal: NodeJS.Signals): void => {
      if (isClosing) return;
      isClosing = true;
      log.info({ signal }, "shutting down; running instances go on");
      agent.close().then(
        () => process.exit(0),
        (error: unknown) => {
          log.fatal({ err: error }, "the agent couldn't shut down in order");
          process.exit(1);
        },
      );
    };
    process.on("SIGTERM", shutDown);
    process.on("SIGINT", shutDown);
  } catch (error) {
    log.fatal({ err: error }, "the agent can't start");
    process.exitCode = 1;
  }
}

/** Whoever started this process over a channel of Node's learns that it is ready; the channel then closes. */
function tellReady(): void {
  if (process.send === undefined) return;
  process.send({ type: "ready" }, () => {
    process.disconnect();
  });
}

/** Core dumps could hold values of parameters. */
async function switchOffCoreDumps(): Promise<void> {
  await promisify(execFile)("prlimit", ["--core=0", "--pid", String(process.pid)]);
}

await main();
