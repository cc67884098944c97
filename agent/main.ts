import { parseArgs } from "node:util";
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
    const agent = await startAgent(await loadAgentConfig(values.config), log, (error) => {
      log.fatal({ err: error }, "the journal can't be written");
      process.exit(1);
    });
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

await main();
