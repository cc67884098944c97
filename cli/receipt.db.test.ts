import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import type { InstallCluster } from "#lib/installs/testing.ts";
import { create, newInstance, openInstallCluster } from "#lib/installs/testing.ts";
import { getReceipt } from "#lib/receipts/get-receipt.ts";
import { makeHome, runSlipway } from "./testing.ts";

let cluster: InstallCluster;
let scratch: string;
let receipt: string;
let installId: string;
let settings: Readonly<Record<string, string>>;
beforeAll(async () => {
  cluster = await openInstallCluster(startSimulatedAgent);
  scratch = mkdtempSync(path.join(tmpdir(), "slipway-receipt-"));
  // The command runs as another user.
  chmodSync(scratch, 0o755);
  installId = (await create(cluster.admin, newInstance("web-1.example.test"))).installId ?? "";
  receipt = path.join(scratch, "receipt.json");
  writeFileSync(receipt, JSON.stringify((await getReceipt(cluster.admin, installId)).envelope));
  // The database's address, and no keys: those of receipts are public.
  settings = { SLIPWAY_HOME: makeHome(), DATABASE_URL: cluster.test.database.url.open() };
}, 60_000);
afterAll(async () => {
  await cluster.close();
  rmSync(scratch, { recursive: true });
});

const file = (name: string, text: string): string => {
  const at = path.join(scratch, name);
  writeFileSync(at, text, { mode: 0o644 });
  return at;
};
const publicKeys = async (): Promise<string> => {
  const rows = await cluster.services.db.dataKey.findMany({ where: { purpose: "receipts" } });
  return rows.map(({ publicKey }) => publicKey).join("\n");
};
/** Without a database, without a home that has anything: what somebody else's machine has. */
const OFFLINE = { SLIPWAY_HOME: "/nonexistent", DATABASE_URL: "postgresql://nobody@127.0.0.1:1/none" };

describe("slipway receipt verify", { timeout: 90_000 }, () => {
  test("finds a receipt good with the cluster's public keys alone, and says what it states", async () => {
    const { status, stdout, stderr } = await runSlipway(["receipt", "verify", receipt, "--key", file("keys.pem", await publicKeys())], OFFLINE);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^signed by the key [0-9a-f]{64}\ncreate of web-1\.example\.test on node1, cluster slipway \([0-9a-f-]{36}\)\ndone \(reported\) at \S+Z, asked for by admin\ninstall\/[0-9a-f-]{36} sha256:[0-9a-f]{64}\n$/);
  });

  test("finds it good with the keys of the database, without any other key", async () => {
    expect(await runSlipway(["receipt", "verify", receipt], settings)).toMatchObject({ status: 0, stderr: "" });
    expect(await runSlipway(["receipt", "verify", receipt, "--from-database"], settings)).toMatchObject({ status: 0 });
  });

  test("ends with 3 for one that was changed, is signed by somebody else, or is none", async () => {
    const envelope = (await getReceipt(cluster.admin, installId)).envelope;
    const changed = file("changed.json", JSON.stringify({ ...envelope, payload: Buffer.from(Buffer.from(envelope.payload, "base64").toString().replace("web-1", "web-2")).toString("base64") }));
    const keys = file("keys.pem", await publicKeys());
    expect(await runSlipway(["receipt", "verify", changed, "--key", keys], OFFLINE)).toMatchObject({ status: 3, stdout: "", stderr: "slipway: the receipt is not good. The signature doesn't fit: what it signed was changed.\n" });
    const another = file("another.pem", "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n");
    expect(await runSlipway(["receipt", "verify", receipt, "--key", another], OFFLINE)).toMatchObject({ status: 3, stderr: "slipway: the receipt is not good. It isn't signed by any of the keys that are known.\n" });
    expect(await runSlipway(["receipt", "verify", file("none.json", "{}"), "--key", keys], OFFLINE)).toMatchObject({ status: 3 });
  });

  test("ends with 1 where that can't be found out, and with 2 where it isn't understood", async () => {
    expect(await runSlipway(["receipt", "verify", path.join(scratch, "nothing.json"), "--key", file("keys.pem", await publicKeys())], OFFLINE)).toMatchObject({ status: 1, stdout: "" });
    expect(await runSlipway(["receipt", "verify", receipt, "--key", file("no.pem", "nothing")], OFFLINE)).toMatchObject({ status: 1, stderr: expect.stringMatching(/holds no public key in PEM/) as unknown });
    expect(await runSlipway(["receipt", "verify", receipt], OFFLINE)).toMatchObject({ status: 1, stdout: "" });
    expect(await runSlipway(["receipt", "verify"], OFFLINE)).toMatchObject({ status: 2 });
    expect(await runSlipway(["receipt", "verify", receipt, "--key", "a", "--from-database"], OFFLINE)).toMatchObject({ status: 2 });
  });
});
