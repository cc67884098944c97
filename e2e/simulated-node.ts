/** A node without virtual machines in a running stack: the real protocol, real enrolment, and a guest that says what it is told to say. */
import { z } from "zod";
import { startSimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import type { SimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import { CONTROLLER_NAME } from "#lib/pki/certificate-authority.ts";
import { generateKeys, privateKeyToPem, SIGNING_ALGORITHM } from "#lib/pki/keys.ts";
import * as x509 from "#lib/pki/x509.ts";
import { freePort } from "#scripts/process/free-port.ts";
import { withDatabase } from "./canary/read-everything.ts";
import { Client } from "./client.ts";
import type { Stack } from "./stack.ts";

export interface SimulatedNode {
  readonly name: string;
  readonly agent: SimulatedAgent;
  /** Ends it and takes it out of the stack, whose other tests count the nodes. Its instances must have been deleted. */
  remove(): Promise<void>;
}

/** Adds one, and waits until the controller has reached it. */
export async function addSimulatedNode(stack: Stack, admin: Client, name: string): Promise<SimulatedNode> {
  const { token } = await admin.call("POST", "/api/v1/nodes", z.object({ token: z.string() }), { name });
  const port = await freePort();
  const keys = await generateKeys();
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({ name: "CN=slipway-agent", keys, signingAlgorithm: SIGNING_ALGORITHM });
  const enrolment = { token, address: `https://127.0.0.1:${port}`, csr: csr.toString("pem") };
  const { certificate, ca } = await Client.signedOut(stack.consoleUrl).call("POST", "/api/v1/enrolments", z.object({ certificate: z.string(), ca: z.string() }), enrolment);
  const agent = await startSimulatedAgent({ nodeName: name, port, tls: { cert: certificate, key: await privateKeyToPem(keys.privateKey), ca }, allowedClients: [CONTROLLER_NAME] });
  await whenTrue(admin, async () => (await admin.call("GET", `/api/v1/nodes/${name}`, z.object({ state: z.string() }))).state === "online");
  return {
    name,
    agent,
    remove: async () => {
      await agent.close();
      // No operation of the product removes a node.
      await withDatabase(stack.databaseUrl, async (client) => {
        await client.query("DELETE FROM install USING node WHERE install.node_id = node.id AND node.name = $1", [name]);
        await client.query("DELETE FROM node WHERE name = $1", [name]);
      });
    },
  };
}

/** Waits for a job of an administrator's. @throws Error where it ends otherwise than well */
export async function jobSucceeds(admin: Client, jobId: number): Promise<void> {
  let status = "";
  await whenTrue(admin, async () => {
    ({ status } = await admin.call("GET", `/api/v1/jobs/${jobId}`, z.object({ status: z.string() })));
    return ["success", "error", "canceled"].includes(status);
  });
  if (status !== "success") throw new Error(`job ${jobId} has ended with ${status}`);
}

/** Looks at each event until `look` finds it so. */
export async function whenTrue(admin: Client, look: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new Error("what was waited for didn't come")), timeoutMs);
  try {
    // Connected before the first look, so that no change falls between them.
    const events = await admin.stream("/api/v1/events", abort.signal);
    if (await look()) return;
    for await (const event of events) if (event.length > 0 && (await look())) return;
    throw new Error("the stream of events has ended");
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}
