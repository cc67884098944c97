import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { pino } from "pino";
import { z } from "zod";
import { startSimulatedAgent } from "./start-simulated-agent.ts";

/** Settings of a process of simulated agents, one JSON file. */
const configSchema = z.strictObject({
  /** Each with a certificate of its own: the controller checks that a node is the one it dialled. */
  nodes: z
    .array(z.strictObject({ nodeName: z.string().min(1), port: z.number().int().min(0).max(65_535), certFile: z.string(), keyFile: z.string() }))
    .min(1)
    .max(10_000),
  host: z.string().min(1),
  caFile: z.string(),
  allowedClients: z.array(z.string().min(1)).min(1),
  /** Milliseconds of one unit of simulated work. */
  workMs: z.number().min(0).max(60_000),
  /** Where the addresses are written once all agents answer: `{"<nodeName>": {"host", "port"}}`. */
  addressFile: z.string(),
});

/** `node agent/simulated/main.ts --config FILE`: simulated agents until SIGTERM. What each install does is in its instance's name. */
async function main(): Promise<void> {
  const log = pino({ name: "simulated-agent" });
  const { values } = parseArgs({ options: { config: { type: "string" } } });
  if (values.config === undefined) {
    log.fatal("usage: node agent/simulated/main.ts --config FILE");
    process.exitCode = 2;
    return;
  }
  const { nodes, host, caFile, allowedClients, workMs, addressFile } = configSchema.parse(JSON.parse(await readFile(values.config, "utf8")));
  const ca = await readFile(caFile, "utf8");
  const agents = await Promise.all(
    nodes.map(async ({ nodeName, port, certFile, keyFile }) => {
      const [cert, key] = await Promise.all([readFile(certFile, "utf8"), readFile(keyFile, "utf8")]);
      return startSimulatedAgent({ nodeName, tls: { cert, key, ca }, allowedClients, host, port, workMs, log });
    }),
  );
  await writeFile(addressFile, JSON.stringify(Object.fromEntries(agents.map(({ nodeName, address }) => [nodeName, address]))));
  log.info({ nodes: agents.length }, "the simulated agents are ready");
  const shutDown = (): void => {
    void Promise.all(agents.map((agent) => agent.close())).then(() => process.exit(0));
  };
  process.once("SIGTERM", shutDown);
  process.once("SIGINT", shutDown);
}

await main();
