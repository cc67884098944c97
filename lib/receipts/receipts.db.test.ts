import { createPublicKey } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import { contextOf, insertUser } from "#lib/context/testing.ts";
import { setupContext } from "#lib/context/open-services.ts";
import type { ReceiptStatement } from "#lib/domain/receipt-statement.ts";
import { installDigest } from "#lib/domain/receipt-statement.ts";
import { verifyReceipt } from "#lib/domain/verify-receipt.ts";
import type { InstallCluster } from "#lib/installs/testing.ts";
import { create, ended, newInstance, openInstallCluster, until } from "#lib/installs/testing.ts";
import { getInstall } from "#lib/installs/get-install.ts";
import { createInstance } from "#lib/instances/create-instance.ts";
import { deleteInstance } from "#lib/instances/delete-instance.ts";
import { getInstance } from "#lib/instances/get-instance.ts";
import { cancelJob } from "#lib/jobs/cancel-job.ts";
import { rotateKeys } from "#lib/secrets/rotate-keys.ts";
import { getReceipt } from "./get-receipt.ts";
import { listReceiptKeys } from "./list-receipt-keys.ts";

let cluster: InstallCluster;
beforeAll(async () => {
  cluster = await openInstallCluster(startSimulatedAgent);
});
afterAll(() => cluster.close());

/** The statement of an install's receipt, once its signature has been found to be the cluster's. */
async function statementOf(installId: string): Promise<ReceiptStatement> {
  const { envelope } = await getReceipt(cluster.admin, installId);
  const keys = (await listReceiptKeys(cluster.admin)).map(({ publicKey }) => createPublicKey(publicKey));
  const verified = verifyReceipt(JSON.stringify(envelope), keys);
  if (!verified.ok) throw new Error(verified.problem);
  // The schema knows as much of it as any release has; this one's statements are of its own making.
  return verified.statement as unknown as ReceiptStatement;
}

describe("the receipt of an install", () => {
  it("states what was installed, with what and how it ended, and no private or secret value", async () => {
    const name = "told.example.test";
    const job = await create(cluster.admin, newInstance(name, { parameters: { public: { suffix: ".told.test" }, private: { admin_password: "receipt-private-canary" }, secret: { root_password: "receipt-secret-canary" } } }));
    const installId = job.installId ?? "";
    const instance = await getInstance(cluster.admin, name);
    const statement = await statementOf(installId);
    expect(statement).toMatchObject({
      _type: "https://in-toto.io/Statement/v1",
      subject: [{ name: `install/${installId}`, digest: { sha256: installDigest(instance.id, installId) } }],
      predicate: {
        install: { id: installId, jobId: job.id, operation: "create", requester: "admin", interface: "api", node: "node1" },
        instance: { id: instance.id, name },
        outcome: { state: "done", completion: "reported", confirmed: null, overwritten: false, error: null },
        image: null,
        package: null,
        definition: { osType: "testos+plain", version: 1 },
        scripts: [{ script: "create", place: "appliance", trustedBy: null, trustedAt: null }],
        appliance: { name: "test", contract: 1, root: null },
        parameters: [
          { name: "admin_password", visibility: "private", from: "request", fingerprint: expect.stringMatching(/^k1:/) as unknown },
          { name: "root_password", visibility: "secret", from: "request" },
          { name: "suffix", visibility: "public", from: "request", value: ".told.test" },
        ],
        versions: { controller: "0.1.0", agent: "0.1.0" },
      },
    });
    expect(statement.predicate.stages.map(({ state }) => state)).toEqual(expect.arrayContaining(["preparing", "installing", "starting"]));
    expect(JSON.stringify(statement)).not.toMatch(/canary/);
    expect(await getInstall(cluster.admin, installId)).toMatchObject({ hasReceipt: true });
  });

  it("is there for one that failed, and for one that was cancelled before or after it began", async () => {
    const failed = await create(cluster.admin, newInstance("fails.example.test"));
    expect((await statementOf(failed.installId ?? "")).predicate.outcome).toMatchObject({ state: "failed", error: { code: "script_failed", step: "unpack" } });
    const { jobId, installId } = await createInstance(cluster.admin, newInstance("hangs-here.example.test"));
    await until(cluster.admin, jobId, (job) => job.status === "running");
    await cancelJob(cluster.admin, jobId);
    await ended(cluster.admin, jobId);
    expect((await statementOf(installId ?? "")).predicate.outcome).toMatchObject({ state: "cancelled" });
  });

  it("repeats no long value, and has its digest", async () => {
    const job = await create(cluster.admin, newInstance("long.example.test", { parameters: { public: { suffix: "x".repeat(5_000) }, private: { admin_password: "admin-canary" }, secret: { root_password: "root-canary" } } }));
    const { parameters } = (await statementOf(job.installId ?? "")).predicate;
    expect(parameters.find(({ name }) => name === "suffix")).toEqual({ name: "suffix", visibility: "public", from: "request", valueSha256: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown });
  });

  it("outlives its instance, for who owned it, and nobody else", async () => {
    const olga = contextOf(cluster.services, await insertUser(cluster.services, { name: "olga", role: "owner" }));
    const sam = contextOf(cluster.services, await insertUser(cluster.services, { name: "sam", role: "owner" }));
    const { installId } = await create(cluster.admin, newInstance("gone.example.test", { owner: "olga" }));
    await ended(cluster.admin, (await deleteInstance(cluster.admin, "gone.example.test")).jobId);
    expect(await getReceipt(olga, installId ?? "")).toMatchObject({ instanceName: "gone.example.test" });
    await expect(getReceipt(sam, installId ?? "")).rejects.toMatchObject({ code: "unknown_object" });
    await expect(getReceipt(olga, "nonsense")).rejects.toMatchObject({ code: "unknown_object" });
  });

  it("is verified by the key of its time after that was replaced", async () => {
    const { installId } = await create(cluster.admin, newInstance("before.example.test"));
    const before = await getReceipt(cluster.admin, installId ?? "");
    await rotateKeys(setupContext(cluster.services), { also: ["receipts"] });
    await expect.poll(() => cluster.services.keyring.sign(Buffer.from("x")).keyId, { timeout: 10_000 }).not.toBe(before.keyId);
    const after = await getReceipt(cluster.admin, (await create(cluster.admin, newInstance("after.example.test"))).installId ?? "");
    const keys = await listReceiptKeys(cluster.admin);
    expect(keys.map(({ keyId, retiredAt }) => [keyId, retiredAt === null])).toEqual([[after.keyId, true], [before.keyId, false]]);
    await statementOf(installId ?? "");
    const [newest] = keys.map(({ publicKey }) => createPublicKey(publicKey));
    expect(verifyReceipt(JSON.stringify(before.envelope), newest === undefined ? [] : [newest])).toMatchObject({ ok: false });
  });
});
