/** A cluster for tests of installs: real database, real queue, real followers, and agents that the test starts. */
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { AgentEvent } from "#lib/agent-protocol/messages.ts";
import { agentEventSchema } from "#lib/agent-protocol/messages.ts";
import { registerAppliance } from "#lib/appliances/register-appliance.ts";
import type { NodeFollowers } from "#lib/agents/node-followers.ts";
import { startNodeFollowers } from "#lib/agents/node-followers.ts";
import { registerController } from "#lib/agents/controller-lease.ts";
import type { RequestContext, Services } from "#lib/context/context.ts";
import { setupContext } from "#lib/context/open-services.ts";
import type { TestServices } from "#lib/context/testing.ts";
import { contextOf, insertUser, openTestServices } from "#lib/context/testing.ts";
import type { Database } from "#lib/db/client.ts";
import { offsetIn, parseSubnet4 } from "#lib/domain/ip-subnets.ts";
import type { CreateInstanceInput } from "#lib/instances/schemas.ts";
import { createInstanceInputSchema } from "#lib/instances/schemas.ts";
import { createInstance } from "#lib/instances/create-instance.ts";
import { migrateJobQueue } from "#lib/jobs/testing-queue.ts";
import { waitForJob } from "#lib/jobs/wait-for-job.ts";
import type { JobWorker } from "#lib/jobs/worker.ts";
import { startJobWorker } from "#lib/jobs/worker.ts";
import type { JobDetail } from "#lib/domain/views.ts";
import { registerOsDefinition } from "#lib/os-definitions/register-os-definition.ts";
import { CONTROLLER_NAME } from "#lib/pki/certificate-authority.ts";
import { generateKeys, privateKeyToPem, SIGNING_ALGORITHM } from "#lib/pki/keys.ts";
import * as x509 from "#lib/pki/x509.ts";
import { ingestAgentEvents } from "./ingest-agent-events.ts";

/** What a test's agent needs to be started with: agent/simulated/start-simulated-agent.ts takes it. */
export interface TestAgentOptions {
  readonly nodeName: string;
  readonly tls: { readonly cert: string; readonly key: string; readonly ca: string };
  readonly allowedClients: readonly string[];
}

export interface TestAgent {
  readonly address: { readonly host: string; readonly port: number };
  vanish(): Promise<void>;
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

/** A definition with a parameter of each class, of which secret and private ones have floors, and five steps. */
const MANIFEST = {
  title: "Test system",
  parameters: [
    { name: "suffix", visibility: "public", default: ".example.test" },
    { name: "admin_password", visibility: "private" },
    { name: "root_password", visibility: "secret", required: true },
  ],
  steps: ["check", "partition", "unpack", "configure", "finish"].map((id) => ({ id, label: `Step ${id}` })),
  minimumDiskMib: 512,
  appliance: "small",
};

export interface InstallCluster {
  readonly test: TestServices;
  readonly services: Services;
  /** An administrator, by the API. */
  readonly admin: RequestContext;
  readonly agent: TestAgent;
  /** Carries out jobs and follows nodes, unless the test stops it. */
  startController(services: Services, what?: { readonly worker?: boolean; readonly followers?: boolean }): Promise<{ readonly stop: () => Promise<void> }>;
  close(): Promise<void>;
}

/** One node `node1` with an agent of the test's own making, the definition `testos` with variants `plain` and `full`, an appliance. */
export async function openInstallCluster(startAgent: (options: TestAgentOptions) => Promise<TestAgent>, options: { readonly controller?: boolean } = {}): Promise<InstallCluster> {
  const test = await openTestServices();
  const { services } = test;
  await migrateJobQueue(test.database.url);
  const agent = await addAgent(services, "node1", startAgent);
  await seed(test);
  const stops: (() => Promise<void>)[] = [];
  const cluster: InstallCluster = {
    test,
    services,
    admin: contextOf(services, await insertUser(services, { name: "admin", role: "administrator" })),
    agent,
    async startController(of, { worker = true, followers = true } = {}) {
      if ((await of.db.controller.count({ where: { id: of.controllerId } })) === 0) await registerController(of.db, of.controllerId, ["worker"]);
      const running: JobWorker | null = worker ? await startJobWorker(of, { shared: true }) : null;
      const following: NodeFollowers | null = followers ? startNodeFollowers(of, ingestAgentEvents) : null;
      let stopped: Promise<void> | null = null;
      const stop = (): Promise<void> =>
        (stopped ??= (async () => {
          await following?.close();
          await running?.stop();
        })());
      stops.push(stop);
      return { stop };
    },
    async close() {
      for (const stop of stops) await stop();
      await agent.close();
      await test.close();
    },
  };
  if (options.controller !== false) {
    await cluster.startController(services);
    await nodeIsOnline(services);
  }
  return cluster;
}

/** Resolves once node1's agent has answered its follower. */
export async function nodeIsOnline(services: Services): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const stop = services.feed.onEvent(({ payload }) => {
    if (payload.type === "node.changed") check();
  });
  const check = (): void => {
    void services.db.node.count({ where: { state: "online" } }).then((count) => {
      if (count > 0) resolve(undefined);
    });
  };
  check();
  await promise;
  stop();
}

/** Another node with an agent of its own. */
export async function addAgent(services: Services, name: string, startAgent: (options: TestAgentOptions) => Promise<TestAgent>): Promise<TestAgent> {
  const keys = await generateKeys();
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({ name: `CN=${name}`, keys, signingAlgorithm: SIGNING_ALGORITHM });
  const { certificate, fingerprint } = await services.pki.signAgentRequest(csr.toString("pem"), name);
  const key = await privateKeyToPem(keys.privateKey);
  const agent = await startAgent({ nodeName: name, tls: { cert: certificate, key, ca: services.pki.caCertificate }, allowedClients: [CONTROLLER_NAME] });
  await services.db.node.create({ data: { name, address: `https://${agent.address.host}:${agent.address.port}`, certificate: fingerprint } });
  return agent;
}

async function seed({ services, home }: TestServices): Promise<void> {
  const setup = setupContext(services);
  await registerTestDefinition({ services, home }, "testos", {});
  await registerAppliance(setup, { directory: await writeAppliance(home, "test", { contract: 1, root: false }) });
}

/** A folder with an appliance as `appliance/build` makes one, of a few bytes. */
export async function writeAppliance(home: string, name: string, { contract, root }: { readonly contract: number; readonly root: boolean }): Promise<string> {
  const folder = path.join(home, `appliance-${name}`);
  await mkdir(folder);
  const parts = { kernel: `the kernel of ${name}`, initrd: `the initrd of ${name}`, ...(root ? { root: `the userland of ${name}` } : {}) };
  const described = Object.entries(parts).map(([file, text]) => [file, { file, sha256: createHash("sha256").update(text).digest("hex"), size: text.length }] as const);
  for (const [file, text] of Object.entries(parts)) await writeFile(path.join(folder, file), text);
  await writeFile(path.join(folder, "manifest.json"), JSON.stringify({ name, contract, kernelVersion: "6.1", ...Object.fromEntries(described) }));
  return folder;
}

/** Registers a definition, or its next version, with the variants `plain` and `full`: `testos` but for what `change` says. */
export async function registerTestDefinition({ services, home }: Pick<TestServices, "services" | "home">, name: string, change: { readonly manifest?: object; readonly hostHalf?: boolean; readonly scripts?: readonly string[] }): Promise<void> {
  const definition = path.join(home, name);
  await mkdir(path.join(definition, "untrusted"), { recursive: true });
  await writeFile(path.join(definition, "ganeti_api_version"), "20\n");
  await writeFile(path.join(definition, "variants.list"), "plain\nfull\n");
  await writeFile(path.join(definition, "slipway.json"), JSON.stringify({ ...MANIFEST, ...change.manifest }));
  const scripts = change.scripts ?? ["create"];
  const halves = scripts.flatMap((script) => [`untrusted/${script}`, ...(change.hostHalf === true ? [script] : [])]);
  for (const script of halves) await writeFile(path.join(definition, script), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
  await registerOsDefinition(setupContext(services), { directory: definition });
}

/** Events as they come from an agent: what it may leave out has its default. */
export function agentEvents(...events: readonly object[]): AgentEvent[] {
  return agentEventSchema.array().parse(events);
}

/** A request that is complete: what a test is about stands in `change`. */
export function newInstance(name: string, change: Record<string, unknown> = {}): CreateInstanceInput {
  return createInstanceInputSchema.parse({
    name,
    osType: "testos+plain",
    memoryMib: 256,
    disks: [{ sizeMib: 1_024 }],
    parameters: { private: { admin_password: "admin-canary-1" }, secret: { root_password: "root-canary-1" } },
    ...change,
  });
}

/** Creates an instance and waits for its job's end. */
export async function create(ctx: RequestContext, input: CreateInstanceInput): Promise<JobDetail> {
  const { jobId } = await createInstance(ctx, input);
  return ended(ctx, jobId);
}

/** A job once it has ended. */
export async function ended(ctx: RequestContext, jobId: number): Promise<JobDetail> {
  return until(ctx, jobId, (job) => job.endedAt !== null);
}

/** A job once it is so. Woken by the feed; the test's own time limit ends it. */
export async function until(ctx: RequestContext, jobId: number, isSo: (job: JobDetail) => boolean): Promise<JobDetail> {
  let job: JobDetail | null = null;
  for (;;) {
    const since: { status: JobDetail["status"]; lastLogSerial: number } | undefined = job === null ? undefined : { status: job.status, lastLogSerial: job.log.at(-1)?.serial ?? 0 };
    job = (await waitForJob(ctx, jobId, { since, timeoutMs: 10_000, signal: new AbortController().signal })) ?? job;
    if (job !== null && isSo(job)) return job;
  }
}

/** The instance whose NIC has an address of a network; null: nobody's. */
export async function holderOf(db: Database, network: string, ip: string): Promise<string | null> {
  const { id, subnet } = await db.network.findUniqueOrThrow({ where: { name: network } });
  const parsed = parseSubnet4(subnet);
  const offset = parsed === null ? null : offsetIn(parsed, ip);
  const row = offset === null ? null : await db.networkAddress.findUnique({ where: { networkId_offset: { networkId: id, offset } }, include: { nic: { include: { instance: true } } } });
  return row?.nic?.instance.name ?? null;
}
