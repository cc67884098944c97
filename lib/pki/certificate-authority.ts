import { createHash, X509Certificate } from "node:crypto";
import { hostname } from "node:os";
import path from "node:path";
import type { NodeCertificates } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { createPrivateFile, ensurePrivateDirectory, readIfPresent, replacePrivateFile } from "#lib/secrets/key-files.ts";
import type { Authority, Purpose } from "./issue-certificate.ts";
import { DAY, issueLeaf, issueRoot } from "./issue-certificate.ts";
import { generateKeys, keysFromPem, privateKeyToPem } from "./keys.ts";
import { readRequestedKey } from "./read-request.ts";
import * as x509 from "./x509.ts";

/** The name that agents let in: it stands on every controller's client certificate. */
export const CONTROLLER_NAME = "controller";

/** Below `pki/` of the home directory. Mode 0600, `ca.pem` included, whose content isn't secret: up.json says where it is. */
export const PKI_FILES = { caKey: "ca.key", caCertificate: "ca.pem", controller: "controller.pem", rapi: "rapi.pem" } as const;

const ROOT_DAYS = 3_650;
/** What a controller holds is renewed at a start within this time of its end. */
const LEAF_DAYS = 365;
const RENEW_DAYS = 30;
/** An agent's certificate is worth what the node's row says: the row has its fingerprint, and taking that away takes it back. */
const AGENT_DAYS = ROOT_DAYS;

/** A certificate and its key, both PEM. */
export interface Identification {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateAuthority extends NodeCertificates {
  /** With which this controller dials agents. */
  readonly controller: Identification;
  /** For RAPI's TLS port: localhost, the loopback addresses and the machine's name. */
  readonly rapi: Identification;
  /** When the authority itself ends. */
  readonly expiresAt: Date;
}

/**
 * The cluster's certificate authority and this controller's own certificates. Makes what isn't there, renews what ends
 * soon, and never replaces the authority.
 *
 * @param directory `config.paths.pki`; made with mode 0700.
 */
export async function ensureCertificateAuthority(directory: string): Promise<CertificateAuthority> {
  ensurePrivateDirectory(directory);
  const authority = await ensureRoot(directory);
  const controller = await ensureLeaf(authority, path.join(directory, PKI_FILES.controller), CONTROLLER_NAME, [CONTROLLER_NAME], "client");
  const rapiNames = [...new Set(["localhost", "127.0.0.1", "::1", hostname().toLowerCase()])];
  const rapi = await ensureLeaf(authority, path.join(directory, PKI_FILES.rapi), "localhost", rapiNames, "server");
  const caCertificate = `${authority.certificate.toString("pem")}\n`;
  return {
    caCertificate,
    controller,
    rapi,
    expiresAt: authority.certificate.notAfter,
    async signAgentRequest(csr, nodeName) {
      const publicKey = await readRequestedKey(csr);
      const certificate = await issueLeaf(authority, { commonName: nodeName, names: [nodeName], purpose: "server", publicKey, days: AGENT_DAYS });
      return {
        certificate: `${certificate.toString("pem")}\n`,
        fingerprint: createHash("sha256").update(new Uint8Array(certificate.rawData)).digest("hex"),
      };
    },
  };
}

async function ensureRoot(directory: string): Promise<Authority> {
  const keyFile = path.join(directory, PKI_FILES.caKey);
  const certificateFile = path.join(directory, PKI_FILES.caCertificate);
  if (readIfPresent(keyFile) === null) {
    if (readIfPresent(certificateFile) !== null) {
      throw new SlipwayError("internal", `${keyFile} is missing, and ${certificateFile} is there: agents trust it. Put the key back; nothing was changed.`);
    }
    createPrivateFile(keyFile, await privateKeyToPem((await generateKeys()).privateKey));
  }
  const keys = await keysFromPem(present(keyFile));
  if (readIfPresent(certificateFile) === null) {
    createPrivateFile(certificateFile, `${(await issueRoot(keys, "Slipway cluster", ROOT_DAYS)).toString("pem")}\n`);
  }
  const certificate = new x509.X509Certificate(present(certificateFile));
  if (!(await certificate.verify({ publicKey: keys.publicKey, signatureOnly: true }))) {
    throw new SlipwayError("internal", `${certificateFile} doesn't belong to ${keyFile}. Put the right ones back; nothing was changed.`);
  }
  return { certificate, keys };
}

/** One file holds key and certificate, so that they change together. */
async function ensureLeaf(authority: Authority, file: string, commonName: string, names: readonly string[], purpose: Purpose): Promise<Identification> {
  const found = readIfPresent(file);
  if (found !== null) {
    const leaf = split(found);
    if (leaf !== null && isGood(leaf.cert, authority, names)) return leaf;
  }
  const keys = await generateKeys();
  const certificate = await issueLeaf(authority, { commonName, names, purpose, publicKey: keys.publicKey, days: LEAF_DAYS });
  const leaf = { key: await privateKeyToPem(keys.privateKey), cert: `${certificate.toString("pem")}\n` };
  replacePrivateFile(file, leaf.key + leaf.cert);
  return leaf;
}

function split(pem: string): Identification | null {
  const key = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n/.exec(pem)?.[0];
  const cert = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/.exec(pem)?.[0];
  return key === undefined || cert === undefined ? null : { key, cert };
}

function isGood(pem: string, authority: Authority, names: readonly string[]): boolean {
  const certificate = new X509Certificate(pem);
  const root = new X509Certificate(authority.certificate.toString("pem"));
  return (
    certificate.validToDate.getTime() - Date.now() > RENEW_DAYS * DAY &&
    certificate.verify(root.publicKey) &&
    names.every((name) => certificate.checkHost(name) !== undefined || certificate.checkIP(name) !== undefined)
  );
}

function present(file: string): string {
  const text = readIfPresent(file);
  if (text === null) throw new SlipwayError("internal", `${file} went away while it was read`);
  return text;
}
