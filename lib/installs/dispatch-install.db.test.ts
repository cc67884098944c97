import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import { PROTOCOL_VERSION } from "#lib/agent-protocol/messages.ts";
import { modifyCluster } from "#lib/cluster/modify-cluster.ts";
import type { ParameterSet } from "#lib/domain/parameters.ts";
import { createInstance } from "#lib/instances/create-instance.ts";
import { getInstance } from "#lib/instances/get-instance.ts";
import { setTrust } from "#lib/os-definitions/set-trust.ts";
import { clusterDefaultsInputSchema } from "#lib/parameter-defaults/schemas.ts";
import { setClusterDefaults } from "#lib/parameter-defaults/set-cluster-defaults.ts";
import { dispatchInstall } from "./dispatch-install.ts";
import { getInstall } from "./get-install.ts";
import { LEASE } from "./lease.ts";
import type { InstallCluster } from "./testing.ts";
import { ended, newInstance, openInstallCluster, registerTestDefinition } from "./testing.ts";

let cluster: InstallCluster;
let digest: string;
/** The orders that reached the agent: what each gave its guest. */
const arrived = new Map<string, ParameterSet>();

const NODE = { mode: "system", hostname: "node1", qemuVersion: null, cpus: 8, memoryTotalMib: 65_536, memoryFreeMib: 60_000, diskTotalMib: 1_048_576, diskFreeMib: 1_000_000, accelerator: "tcg", acceleratorReason: null, networking: { bridges: [], routed: false } } as const;

/** A node as one with a helper for host scripts would describe itself. Nobody follows it here, so that this stands. */
async function nodeSays(runsHostScripts: boolean): Promise<void> {
  await cluster.services.db.node.updateMany({ data: { state: "online", facts: { protocol: PROTOCOL_VERSION, agentVersion: "0.1.0", ...NODE, runsHostScripts } } });
}

beforeAll(async () => {
  cluster = await openInstallCluster(
    (options) =>
      startSimulatedAgent({
        ...options,
        behaviourOf: ({ id, parameters }) => {
          arrived.set(id, parameters);
          return { kind: "hangs" };
        },
      }),
    { controller: false },
  );
  await registerTestDefinition(cluster.test, "bothos", { hostHalf: true });
  digest = (await cluster.services.db.osDefinition.findUniqueOrThrow({ where: { name: "bothos" }, include: { currentVersion: true } })).currentVersion?.digest ?? "";
  await trust(true);
  await nodeSays(true);
});
afterAll(() => cluster.close());

async function trust(trusted: boolean): Promise<void> {
  await setTrust(cluster.admin, "bothos", trusted ? { trusted, digest, reason: "read", updates: false } : { trusted, reason: "a second look" });
}

/** An install that was accepted and whose job no worker has taken. */
async function accept(name: string): Promise<{ readonly jobId: number; readonly installId: string }> {
  const { jobId, installId } = await createInstance(cluster.admin, newInstance(name, { osType: "bothos+plain" }));
  if (installId === null) throw new Error("refused");
  return { jobId, installId };
}

const signal = new AbortController().signal;
/** As the worker calls it, with the job that it has claimed. */
async function dispatch({ jobId, installId }: { readonly jobId: number; readonly installId: string }): Promise<string> {
  await cluster.services.db.job.update({ where: { id: jobId }, data: { status: "running", startedAt: new Date() } });
  return dispatchInstall(cluster.services, installId, new Date(), signal);
}

describe("an install that was accepted with a script on the host", () => {
  const changes: readonly (readonly [what: string, change: () => Promise<unknown>, back: () => Promise<unknown>, code: string, message: string])[] = [
    ["trust is withdrawn", () => trust(false), () => trust(true), "not_allowed", "OS definition bothos was to run a script on the host, and isn't trusted any more. Nothing was sent to the node."],
    [
      "the cluster forbids scripts on hosts",
      () => modifyCluster(cluster.admin, { hostScripts: false }),
      () => modifyCluster(cluster.admin, { hostScripts: true }),
      "not_allowed",
      "OS definition bothos was to run a script on the host, and the cluster forbids that now. Nothing was sent to the node.",
    ],
    ["the node's agent runs none any more", () => nodeSays(false), () => nodeSays(true), "unsupported", "OS definition bothos was to run a script on the host, and the node's agent runs none any more. Nothing was sent to the node."],
  ];

  it.each(changes)("fails before anything is sent where %s", async (what, change, back, code, message) => {
    const install = await accept(`${what.replaceAll(/[^a-z]+/g, "-")}.example.test`);
    const view = await getInstall(cluster.admin, install.installId);
    expect(view.plan.runs.map(({ place }) => place)).toEqual(["host", "appliance"]);
    await change();
    try {
      expect(await dispatch(install)).toBe("ended");
    } finally {
      await back();
    }
    expect(await getInstall(cluster.admin, install.installId)).toMatchObject({ state: "failed", error: { code, message } });
    expect(await ended(cluster.admin, install.jobId)).toMatchObject({ status: "error", error: { code } });
    expect(await cluster.services.db.install.findUniqueOrThrow({ where: { id: install.installId } })).toMatchObject({ orderSentAt: null, acknowledged: false });
    expect(arrived.has(install.installId)).toBe(false);
    expect(await getInstance(cluster.admin, view.instanceName)).toMatchObject({ status: "install_failed", lockedByJobId: null });
  });

  it("goes out where nothing has changed, and keeps what was accepted", async () => {
    const install = await accept("goes-out.example.test");
    // The simulated agent has no host: that it says so shows that the order came, and with which places.
    expect(await dispatch(install)).toBe("ended");
    expect(await getInstall(cluster.admin, install.installId)).toMatchObject({ error: { code: "unsupported", message: expect.stringContaining("runs no scripts") as unknown } });
    expect((await cluster.services.db.install.findUniqueOrThrow({ where: { id: install.installId } })).orderSentAt).not.toBeNull();
  });

  it("isn't sent a second time once trust is withdrawn, and is what the agent says of the first", async () => {
    const install = await accept("sent-before.example.test");
    const { db } = cluster.services;
    await db.install.update({ where: { id: install.installId }, data: { orderSentAt: new Date() } });
    await trust(false);
    try {
      // It may still be on its way.
      expect(await dispatch(install)).toBe("again");
      await db.install.update({ where: { id: install.installId }, data: { orderSentAt: new Date(Date.now() - LEASE.inFlightMs - 1_000) } });
      expect(await dispatch(install)).toBe("ended");
    } finally {
      await trust(true);
    }
    expect(await getInstall(cluster.admin, install.installId)).toMatchObject({ state: "failed", error: { code: "not_allowed" } });
    expect(arrived.has(install.installId)).toBe(false);
  });

  it("isn't stopped by trust in another version: what was accepted is what counts", async () => {
    const install = await accept("other-version.example.test");
    await registerTestDefinition(cluster.test, "bothos", { hostHalf: true, manifest: { title: "Another" } });
    // Nobody has trusted the new one, and the old one is still the trusted content.
    expect(await dispatch(install)).toBe("ended");
    expect(await getInstall(cluster.admin, install.installId)).toMatchObject({ error: { code: "unsupported", message: expect.stringContaining("runs no scripts") as unknown } });
  });
});

it("an install in the appliance goes out whatever has become of trust", async () => {
  const { jobId, installId } = await createInstance(cluster.admin, newInstance("inside.example.test", { osType: "testos+plain" }));
  await modifyCluster(cluster.admin, { hostScripts: false });
  expect(await dispatch({ jobId, installId: installId ?? "" })).toBe("handed_over");
  expect(arrived.has(installId ?? "")).toBe(true);
  await modifyCluster(cluster.admin, { hostScripts: true });
});

it("an install uses the defaults that it was accepted with, whatever becomes of them before it begins", async () => {
  const set = (input: object) => setClusterDefaults(cluster.admin, clusterDefaultsInputSchema.parse(input));
  await set({ private: { admin_password: "as-accepted" }, public: { suffix: ".as.accepted" } });
  const accepted = await createInstance(cluster.admin, newInstance("defaults.example.test", { parameters: { secret: { root_password: "root-canary-9" } } }));
  await set({ private: { admin_password: "changed-since" }, public: { suffix: null } });
  const installId = accepted.installId ?? "";
  expect(await dispatch({ jobId: accepted.jobId, installId })).toBe("handed_over");
  const opened = [...(arrived.get(installId) ?? [])].map(([name, { visibility, value }]) => [name, visibility, typeof value === "string" ? value : value.open()]);
  expect(opened).toEqual([["admin_password", "private", "as-accepted"], ["root_password", "secret", "root-canary-9"], ["suffix", "public", ".as.accepted"]]);
  const stored = await cluster.services.db.$queryRaw<{ row: string }[]>`SELECT t::text AS row FROM install AS t UNION ALL SELECT t::text FROM job AS t UNION ALL SELECT t::text FROM job_private_value AS t`;
  for (const { row } of stored) expect(row).not.toMatch(/as-accepted|61732d6163636570746564/);
});
