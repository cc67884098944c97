import { SlipwayError } from "#lib/domain/errors.ts";
import * as x509 from "./x509.ts";

/** Characters: a request with the largest key that is taken, and room. */
const REQUEST_LENGTH = 16_384;
const CURVES: readonly string[] = ["P-256", "P-384", "P-521"];
const RSA_BITS = { min: 2_048, max: 8_192 } as const;

/**
 * The public key of a certificate request (PKCS #10, PEM), if the request is signed with it and it is one that holds.
 * Names and extensions that the request asks for are not looked at.
 *
 * @throws SlipwayError `invalid`, field `csr`.
 */
export async function readRequestedKey(pem: string): Promise<x509.PublicKey> {
  if (pem.length > REQUEST_LENGTH) throw refused("is too long");
  let request: x509.Pkcs10CertificateRequest;
  let isSigned: boolean;
  try {
    request = new x509.Pkcs10CertificateRequest(pem);
    isSigned = await request.verify();
  } catch (cause) {
    throw refused("can't be read", cause);
  }
  if (!isSigned) throw refused("isn't signed with its own key");
  const problem = keyProblem(request.publicKey.algorithm);
  if (problem !== null) throw refused(problem);
  return request.publicKey;
}

function keyProblem(algorithm: Algorithm): string | null {
  switch (algorithm.name) {
    case "ECDSA":
      return "namedCurve" in algorithm && typeof algorithm.namedCurve === "string" && CURVES.includes(algorithm.namedCurve) ? null : "has a key on a curve that isn't taken";
    case "RSASSA-PKCS1-v1_5":
    case "RSA-PSS": {
      const bits = "modulusLength" in algorithm && typeof algorithm.modulusLength === "number" ? algorithm.modulusLength : 0;
      return bits >= RSA_BITS.min && bits <= RSA_BITS.max ? null : `has an RSA key that isn't of ${RSA_BITS.min} to ${RSA_BITS.max} bits`;
    }
    case "Ed25519":
      return null;
    default:
      return "has a key of a kind that isn't taken";
  }
}

function refused(problem: string, cause?: unknown): SlipwayError {
  return new SlipwayError("invalid", `The certificate request ${problem}.`, { field: "csr", cause });
}
