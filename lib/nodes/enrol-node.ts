import { z } from "zod";
import { appendAudit } from "#lib/audit/append-audit.ts";
import type { Services } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { parseInput } from "#lib/domain/parse-input.ts";
import { appendEvents } from "#lib/events/append-events.ts";
import { hashEnrolmentToken } from "./enrolment-token.ts";

const enrolmentSchema = z.object({
  token: z.string().min(16).max(256),
  /** PKCS #10, PEM. */
  csr: z.string().max(16_384),
  /** `https://host:port` at which controllers dial the agent. */
  address: z.url({ protocol: /^https$/ }).max(300).transform((url) => new URL(url).origin),
});

export interface EnrolmentRequest {
  readonly token: string;
  readonly csr: string;
  readonly address: string;
  readonly clientAddress: string | null;
  readonly requestId: string;
}

/**
 * An agent's first call: the one-time token is its credential, and gives it a certificate in the node's name. Which node it
 * is follows from the token alone.
 *
 * @throws SlipwayError `not_signed_in` for a token that is unknown, used or past its time; `invalid` for the request.
 */
export async function enrolNode(
  services: Services,
  request: EnrolmentRequest,
): Promise<{ readonly name: string; readonly certificate: string; readonly ca: string }> {
  const { token, csr, address } = parseInput(enrolmentSchema, { token: request.token, csr: request.csr, address: request.address });
  const enrolTokenHash = hashEnrolmentToken(token);
  const unused = { enrolTokenHash, enrolTokenExpires: { gt: new Date() } };
  const node = await services.db.node.findFirst({ where: unused, select: { id: true, name: true } });
  if (node === null) throw refused();
  const { certificate, fingerprint } = await services.pki.signAgentRequest(csr, node.name);
  await services.db.$transaction(async (tx) => {
    // The condition again: of two calls with one token the second changes nothing and gets no certificate.
    const { count } = await tx.node.updateMany({
      where: { id: node.id, ...unused },
      data: {
        address,
        certificate: fingerprint,
        enrolTokenHash: null,
        enrolTokenExpires: null,
        followerId: null,
        stateReason: "enrolled, not reached yet",
        serialNo: { increment: 1 },
      },
    });
    if (count === 0) throw refused();
    await appendAudit(
      tx,
      { identity: { kind: "system", name: `agent of ${node.name}` }, interface: "system", address: request.clientAddress, requestId: request.requestId },
      { action: "node.enrol", object: { kind: "node", name: node.name }, outcome: "done", details: { address, certificate: fingerprint } },
    );
    await appendEvents(tx, [{ payload: { type: "node.changed", name: node.name }, ownerId: null }]);
  });
  return { name: node.name, certificate, ca: services.pki.caCertificate };
}

function refused(): SlipwayError {
  return new SlipwayError("not_signed_in", "The enrolment token isn't known, was used, or is past its time.", { field: "token" });
}
