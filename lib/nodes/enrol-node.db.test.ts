import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RequestContext } from "#lib/context/context.ts";
import type { TestServices } from "#lib/context/testing.ts";
import { contextOf, openTestServices } from "#lib/context/testing.ts";
import { KEY_ALGORITHM, SIGNING_ALGORITHM } from "#lib/pki/keys.ts";
import * as x509 from "#lib/pki/x509.ts";
import { addNode } from "./add-node.ts";
import { enrolNode } from "./enrol-node.ts";
import { getNode } from "./get-node.ts";

let open: TestServices;
let ctx: RequestContext;
beforeAll(async () => {
  open = await openTestServices();
  ctx = contextOf(open.services, { kind: "system", name: "test" });
});
afterAll(() => open.close());

async function request(algorithm: EcKeyGenParams | RsaHashedKeyGenParams = KEY_ALGORITHM, signing: Algorithm | EcdsaParams = SIGNING_ALGORITHM): Promise<string> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    name: "CN=controller",
    keys,
    signingAlgorithm: signing,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "another-node" }]), new x509.BasicConstraintsExtension(true, 2, true)],
  });
  return csr.toString("pem");
}
const enrol = (token: string, csr: string, address = "https://192.0.2.10:7443") =>
  enrolNode(open.services, { token, csr, address, clientAddress: "192.0.2.10", requestId: "request-1" });

describe("an agent that enrols", () => {
  test("gets a certificate in its node's name, whatever it asked for, and nothing more", async () => {
    const { token } = await addNode(ctx, { name: "node1" });
    const { name, certificate, ca } = await enrol(token, await request());
    const leaf = new X509Certificate(certificate);
    expect(name).toBe("node1");
    expect(leaf.subject).toBe("CN=node1");
    expect(leaf.subjectAltName).toBe("DNS:node1");
    expect(leaf.ca).toBe(false);
    expect(leaf.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]); // serves, and calls nobody
    expect(leaf.verify(new X509Certificate(ca).publicKey)).toBe(true);
    expect(await getNode(ctx, "node1")).toMatchObject({ state: "enrolling", address: "https://192.0.2.10:7443" });
    const row = await open.services.db.node.findUniqueOrThrow({ where: { name: "node1" } });
    expect(row.certificate).toBe(leaf.fingerprint256.replaceAll(":", "").toLowerCase());
  });

  test("uses its token once, also when two try at the same moment", async () => {
    const { token } = await addNode(ctx, { name: "node2" });
    const csr = await request();
    const tried = await Promise.allSettled([enrol(token, csr), enrol(token, csr), enrol(token, csr)]);
    expect(tried.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await expect(enrol(token, csr)).rejects.toMatchObject({ code: "not_signed_in", field: "token" });
  });

  test("is refused with a token that is unknown, replaced or past its time", async () => {
    const csr = await request();
    await expect(enrol("x".repeat(43), csr)).rejects.toMatchObject({ code: "not_signed_in" });
    const first = await addNode(ctx, { name: "node3" });
    const second = await addNode(ctx, { name: "node3" });
    await expect(enrol(first.token, csr)).rejects.toMatchObject({ code: "not_signed_in" });
    await open.services.db.node.update({ where: { name: "node3" }, data: { enrolTokenExpires: new Date(Date.now() - 1_000) } });
    await expect(enrol(second.token, csr)).rejects.toMatchObject({ code: "not_signed_in" });
  });

  test("keeps its token when its request is refused", async () => {
    const { token } = await addNode(ctx, { name: "node4" });
    await expect(enrol(token, "not a request")).rejects.toMatchObject({ code: "invalid", field: "csr" });
    await expect(enrol(token, await request(), "http://192.0.2.10:7443")).rejects.toMatchObject({ code: "invalid", field: "address" });
    await expect(enrol(token, await request())).resolves.toMatchObject({ name: "node4" });
  });

  test("is refused with a request that somebody else signed, or with a weak key", async () => {
    const { token } = await addNode(ctx, { name: "node5" });
    const body = Buffer.from(new x509.Pkcs10CertificateRequest(await request()).rawData);
    const last = body.length - 3;
    body[last] = (body[last] ?? 0) ^ 0xff;
    await expect(enrol(token, new x509.Pkcs10CertificateRequest(body).toString("pem"))).rejects.toMatchObject({ code: "invalid", field: "csr" });
    const rsa = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 1_024, publicExponent: Uint8Array.of(1, 0, 1) };
    await expect(enrol(token, await request(rsa, { name: rsa.name }))).rejects.toMatchObject({ code: "invalid", field: "csr" });
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256", publicKeyEncoding: { type: "spki", format: "pem" }, privateKeyEncoding: { type: "pkcs8", format: "pem" } });
    await expect(enrol(token, publicKey)).rejects.toMatchObject({ code: "invalid", field: "csr" });
  });
});

describe("a node", () => {
  test("that has enrolled is added again only on purpose, and keeps its certificate until the agent has the new one", async () => {
    const { token } = await addNode(ctx, { name: "node6" });
    await enrol(token, await request());
    await expect(addNode(ctx, { name: "node6" })).rejects.toMatchObject({ code: "exists" });
    const before = await open.services.db.node.findUniqueOrThrow({ where: { name: "node6" } });
    const again = await addNode(ctx, { name: "node6", enrolAgain: true });
    expect(await open.services.db.node.findUniqueOrThrow({ where: { name: "node6" } })).toMatchObject({ certificate: before.certificate });
    await enrol(again.token, await request());
    expect((await open.services.db.node.findUniqueOrThrow({ where: { name: "node6" } })).certificate).not.toBe(before.certificate);
  });

  test("has its token nowhere: not in the table, the audit log or the log", async () => {
    const { token } = await addNode(ctx, { name: "node7" });
    const rows = JSON.stringify([await open.services.db.node.findMany(), await open.services.db.auditEntry.findMany()], (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value));
    expect(rows).toContain("node7");
    expect(rows + open.logged()).not.toContain(token);
  });
});
