import { X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ensureCertificateAuthority, PKI_FILES } from "./certificate-authority.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "slipway-pki-"));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(directory, { recursive: true });
});
const pki = () => ensureCertificateAuthority(path.join(directory, "pki"));
const file = (name: string) => path.join(directory, "pki", name);
const fingerprint = (pem: string) => new X509Certificate(pem).fingerprint256;

describe("the cluster's certificates", () => {
  test("are made once, in files that only their user can read", async () => {
    const first = await pki();
    const second = await pki();
    expect(second.caCertificate).toBe(first.caCertificate);
    expect(second.controller).toEqual(first.controller);
    expect(second.rapi).toEqual(first.rapi);
    expect(readdirSync(path.join(directory, "pki")).sort()).toEqual(Object.values(PKI_FILES).sort());
    for (const name of Object.values(PKI_FILES)) expect(statSync(file(name)).mode & 0o777).toBe(0o600);
  });

  test("let a controller call agents and nothing else, and RAPI answer under this machine's names", async () => {
    const { controller, rapi, caCertificate } = await pki();
    const root = new X509Certificate(caCertificate);
    const client = new X509Certificate(controller.cert);
    expect(client.subject).toBe("CN=controller");
    expect(client.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
    const server = new X509Certificate(rapi.cert);
    for (const name of ["localhost", hostname().toLowerCase()]) expect(server.checkHost(name)).toBe(name);
    for (const address of ["127.0.0.1", "::1"]) expect(server.checkIP(address)).toBe(address);
    for (const leaf of [client, server]) {
      expect(leaf.verify(root.publicKey)).toBe(true);
      expect(leaf.ca).toBe(false);
    }
  });

  test("are renewed when they end soon, under the same authority", async () => {
    const before = await pki();
    vi.useFakeTimers({ toFake: ["Date"], now: new Date(before.expiresAt.getTime() - 3_650 * 86_400_000 + 340 * 86_400_000) });
    const after = await pki();
    expect(after.caCertificate).toBe(before.caCertificate);
    expect(fingerprint(after.controller.cert)).not.toBe(fingerprint(before.controller.cert));
    expect(new X509Certificate(after.rapi.cert).validToDate.getTime()).toBeGreaterThan(Date.now() + 300 * 86_400_000);
  });

  test("never outlive the authority", async () => {
    const before = await pki();
    vi.useFakeTimers({ toFake: ["Date"], now: new Date(before.expiresAt.getTime() - 10 * 86_400_000) });
    const after = await pki();
    expect(new X509Certificate(after.controller.cert).validToDate.getTime()).toBeLessThanOrEqual(before.expiresAt.getTime());
  });

  test("are not made anew when the authority's key is gone, because agents trust the old one", async () => {
    await pki();
    renameSync(file(PKI_FILES.caKey), file("elsewhere"));
    await expect(pki()).rejects.toThrow(/ca\.key is missing/);
    expect(readdirSync(path.join(directory, "pki"))).not.toContain(PKI_FILES.caKey);
  });

  test("of another authority are not taken for this one's", async () => {
    await pki();
    const other = path.join(directory, "other");
    await ensureCertificateAuthority(other);
    writeFileSync(file(PKI_FILES.caCertificate), readFileSync(path.join(other, PKI_FILES.caCertificate)));
    await expect(pki()).rejects.toThrow(/doesn't belong to/);
  });
});
