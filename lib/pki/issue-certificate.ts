import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import type { KeyPair } from "./keys.ts";
import { SIGNING_ALGORITHM } from "./keys.ts";
import * as x509 from "./x509.ts";

export const DAY = 86_400_000;
/** A clock that is a little behind ours still takes what we sign. */
const BACKDATED = 5 * 60_000;

export type Purpose = "client" | "server";

const USAGES: Readonly<Record<Purpose, x509.ExtendedKeyUsage>> = {
  client: x509.ExtendedKeyUsage.clientAuth,
  server: x509.ExtendedKeyUsage.serverAuth,
};

export interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly keys: KeyPair;
}

export interface LeafRequest {
  readonly commonName: string;
  /** Names and addresses for which it stands. */
  readonly names: readonly string[];
  readonly purpose: Purpose;
  readonly publicKey: x509.PublicKeyType;
  readonly days: number;
}

/** 16 random bytes, positive. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
}

function generalName(name: string): x509.JsonGeneralName {
  return { type: isIP(name) === 0 ? "dns" : "ip", value: name };
}

/** A certificate of the authority for one purpose. It never outlives the authority. */
export async function issueLeaf(authority: Authority, request: LeafRequest): Promise<x509.X509Certificate> {
  const now = Date.now();
  const notAfter = Math.min(now + request.days * DAY, authority.certificate.notAfter.getTime());
  return x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [request.commonName] }],
    issuer: authority.certificate.subject,
    notBefore: new Date(now - BACKDATED),
    notAfter: new Date(notAfter),
    signingKey: authority.keys.privateKey,
    signingAlgorithm: SIGNING_ALGORITHM,
    publicKey: request.publicKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([USAGES[request.purpose]]),
      new x509.SubjectAlternativeNameExtension(request.names.map(generalName)),
      await x509.AuthorityKeyIdentifierExtension.create(authority.keys.publicKey),
    ],
  });
}

/** The authority's own certificate, which may sign leaves and nothing else. */
export async function issueRoot(keys: KeyPair, commonName: string, days: number): Promise<x509.X509Certificate> {
  const now = Date.now();
  return x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [commonName] }],
    notBefore: new Date(now - BACKDATED),
    notAfter: new Date(now + days * DAY),
    keys,
    signingAlgorithm: SIGNING_ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
}
