/** A cluster whose orders end in the test: what is in them, and what becomes of what a node says, is what the test is about. */
import { randomUUID } from "node:crypto";
import type { AgentClient } from "#lib/agent-protocol/client.ts";
import type { InstallOrder, ProbeRequest, ProbeResult } from "#lib/agent-protocol/messages.ts";
import { installStatusSchema, PROTOCOL_VERSION } from "#lib/agent-protocol/messages.ts";
import type { RequestContext, Services } from "#lib/context/context.ts";
import type { InstallState } from "#lib/domain/install-states.ts";
import { createInstance } from "#lib/instances/create-instance.ts";
import { runJob } from "#lib/jobs/run-job.ts";
import { ingestAgentEvents } from "./ingest-agent-events.ts";
import type { InstallCluster, TestAgent, TestAgentOptions } from "./testing.ts";
import { agentEvents, newInstance, openInstallCluster } from "./testing.ts";

const NODE = { mode: "system", hostname: "node1", qemuVersion: null, cpus: 8, memoryTotalMib: 65_536, memoryFreeMib: 60_000, diskTotalMib: 1_048_576, accelerator: "tcg", acceleratorReason: null, networking: { bridges: [], routed: false } } as const;

export interface InstallIds {
  readonly jobId: number;
  readonly installId: string;
  readonly instanceId: string;
}

export interface OrderBench {
  readonly cluster: InstallCluster;
  readonly services: Services;
  readonly admin: RequestContext;
  /** By the install's id. */
  readonly orders: ReadonlyMap<string, InstallOrder>;
  /** Digests of the contents that the node was to have. */
  readonly pushed: Set<string>;
  readonly probes: ProbeRequest[];
  /** What the node answers to a probe. */
  probe: (request: ProbeRequest, signal: AbortSignal | undefined) => Promise<ProbeResult>;
  nodeIs(facts?: { readonly diskFreeMib?: number; readonly runsHostScripts?: boolean }): Promise<void>;
  /** A creation whose order has reached the node. */
  create(name: string, change?: Record<string, unknown>): Promise<InstallIds>;
  /** The order of an accepted job reaches the node. */
  sendOut(accepted: { readonly jobId: number; readonly installId: string | null }): Promise<InstallIds>;
  /** The node says that an install has come to a state. */
  says(ids: InstallIds, state: InstallState, change?: Record<string, unknown>): Promise<void>;
  /** It starts the new system, and is done. */
  done(ids: InstallIds, change?: Record<string, unknown>): Promise<void>;
  /** Any other event. */
  event(event: object): Promise<void>;
}

export async function openOrderBench(startAgent: (options: TestAgentOptions) => Promise<TestAgent>): Promise<OrderBench> {
  const cluster = await openInstallCluster(startAgent, { controller: false });
  const { agents } = cluster.services;
  const { db } = cluster.services;
  const orders = new Map<string, InstallOrder>();
  const journal = randomUUID();
  let seq = 0;
  const signal = new AbortController().signal;
  const status = (ids: Pick<InstallIds, "installId" | "instanceId">, state: InstallState, change: Record<string, unknown> = {}) =>
    installStatusSchema.parse({ id: ids.installId, instanceId: ids.instanceId, state, percent: 100, step: null, steps: [], error: null, committed: true, firstBootAt: null, lastContactAt: null, ...change });
  const install: AgentClient["install"] = (order) => {
    orders.set(order.id, order);
    return Promise.resolve(status({ installId: order.id, instanceId: order.instance.id }, "preparing", { committed: false }));
  };
  const services: Services = {
    ...cluster.services,
    agents: {
      ...agents,
      client: async (nodeId) => ({ ...(await agents.client(nodeId)), install, probeSources: (request, until) => {
        bench.probes.push(request);
        return bench.probe(request, until);
      } }),
      pushBlobs: (_, digests) => {
        for (const digest of digests) bench.pushed.add(digest);
        return Promise.resolve();
      },
    },
  };
  const admin: RequestContext = { ...cluster.admin, services };
  const bench: OrderBench = {
    cluster,
    services,
    admin,
    orders,
    pushed: new Set(),
    probes: [],
    probe: () => Promise.resolve({ findings: [] }),
    async nodeIs({ diskFreeMib = 1_000_000, runsHostScripts = false } = {}) {
      await db.node.updateMany({ data: { state: "online", facts: { protocol: PROTOCOL_VERSION, agentVersion: "0.1.0", ...NODE, diskFreeMib, runsHostScripts } } });
    },
    create: async (name, change = {}) => bench.sendOut(await createInstance(admin, newInstance(name, change))),
    async sendOut({ jobId, installId }) {
      if (installId === null) throw new Error("refused");
      await runJob(services, "run-job", jobId, signal);
      const { instanceId } = await db.install.findUniqueOrThrow({ where: { id: installId }, select: { instanceId: true } });
      return { jobId, installId, instanceId };
    },
    says: (ids, state, change) => bench.event({ type: "install.state", installId: ids.installId, status: status(ids, state, change) }),
    async done(ids, change) {
      await bench.says(ids, "starting", change);
      await bench.says(ids, "done", change);
    },
    async event(event) {
      const node = await db.node.findFirstOrThrow();
      seq += 1;
      await ingestAgentEvents(services, { nodeId: node.id, journal }, agentEvents({ ...event, seq, at: new Date(Date.UTC(2026, 0, 1, 0, 0, seq)).toISOString() }));
    },
  };
  await bench.nodeIs();
  return bench;
}

/** Gives the cluster's appliance its full userland and a contract, as one that does more than create and verify. */
export async function growAppliance({ db }: Pick<Services, "db">): Promise<string> {
  const rootDigest = "e".repeat(64);
  await db.blob.create({ data: { digest: rootDigest, sizeBytes: 1n } });
  await db.appliance.updateMany({ data: { rootDigest, contractVersion: 2 } });
  return rootDigest;
}

/** The text of every row of every table, for what may be in none. */
export async function everyRow({ db }: Pick<Services, "db">): Promise<string> {
  const tables = await db.$queryRaw<{ name: string }[]>`SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`;
  const rows = await Promise.all(tables.map(({ name }) => db.$queryRawUnsafe<{ row: string }[]>(`SELECT t::text AS row FROM ${name} AS t`)));
  return rows.flat().map(({ row }) => row).join("\n");
}
