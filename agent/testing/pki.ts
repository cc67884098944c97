import "reflect-metadata";
import { randomBytes } from "node:crypto";
import * as x509 from "@peculiar/x509";

/** PEM texts of one party, with the CA that it trusts. */
export interface PartyCredentials {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

export interface TestPki {
  /** A certificate for a name, as server and as client. */
  issue(name: string): Promise<PartyCredentials>;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const VALID_MS = 3_600_000;

async function makeKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

/** A certificate authority for one test run: certificates are good for an hour. */
export async function createTestPki(): Promise<TestPki> {
  const keys = await makeKeys();
  const dates = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + VALID_MS) };
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomBytes(8).toString("hex"),
    name: "CN=Test CA",
    keys,
    signingAlgorithm: ALGORITHM,
    ...dates,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true), new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true)],
  });
  return {
    issue: async (name) => {
      const own = await makeKeys();
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: randomBytes(8).toString("hex"),
        subject: `CN=${name}`,
        issuer: ca.subject,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
        ...dates,
        extensions: [
          new x509.SubjectAlternativeNameExtension([{ type: "dns", value: name }]),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
        ],
      });
      const der = await crypto.subtle.exportKey("pkcs8", own.privateKey);
      return { cert: certificate.toString("pem"), key: x509.PemConverter.encode(der, "PRIVATE KEY"), ca: ca.toString("pem") };
    },
  };
}
