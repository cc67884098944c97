/**
 * What a receipt states: an in-toto statement v1 (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md) with a predicate of
 * our own, described field by field in docs/receipts.md. No private or secret value is in it (design: visibility, row "exports and receipts").
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Completion, FinalInstallState, InstallState } from "./install-states.ts";
import type { InstallOperation, PlannedScript } from "./install-plan.ts";
import type { Checksum } from "./install-source.ts";
import type { ParameterSource } from "./parameters.ts";

export const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
/** A name, not an address: the project has no address of its own that would stay. */
export const RECEIPT_PREDICATE = "urn:x-slipway:install-receipt:v1";

export interface ReceiptSubject {
  readonly name: string;
  readonly digest: { readonly sha256: string };
}

export type ReceiptParameter = { readonly name: string; readonly from: ParameterSource } & (
  | { readonly visibility: "public"; readonly value: string }
  /** Of a value that is too long to be repeated. */
  | { readonly visibility: "public"; readonly valueSha256: string }
  | { readonly visibility: "private"; readonly fingerprint: string | null }
  | { readonly visibility: "secret" }
);

export interface ReceiptFile {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** Digests are sha256, lower-case hex; times ISO 8601. What a failed install didn't come to is null. */
export interface ReceiptPredicate {
  readonly cluster: { readonly uuid: string; readonly name: string };
  readonly install: { readonly id: string; readonly jobId: number; readonly operation: InstallOperation; readonly requester: string; readonly interface: string; readonly node: string; readonly timeoutSeconds: number | null };
  readonly instance: { readonly id: string; readonly name: string };
  readonly outcome: {
    readonly state: FinalInstallState;
    readonly completion: Completion;
    /** Completion `first_boot`: whether the guest reported. */
    readonly confirmed: boolean | null;
    /** In place: what had been on the disk is gone. */
    readonly overwritten: boolean;
    readonly error: { readonly code: string; readonly step: string | null } | null;
  };
  readonly image: null | { readonly location: string; readonly format: string; readonly compression: string; readonly checksum: Checksum | null; readonly sha256: string | null; readonly bytes: number | null; readonly writtenSha256: string | null; readonly writtenBytes: number | null };
  readonly definition: null | { readonly osType: string; readonly version: number; readonly digest: string };
  readonly scripts: readonly { readonly script: PlannedScript; readonly place: "appliance" | "host"; readonly trustedBy: string | null; readonly trustedAt: string | null }[];
  readonly appliance: null | { readonly digest: string; readonly name: string; readonly contract: number; readonly kernel: string; readonly initrd: string; readonly root: string | null };
  /** `credentials`: it was fetched with a user name and password. */
  readonly package: null | { readonly location: string; readonly checksum: Checksum | null; readonly credentials: boolean; readonly sha256: string | null; readonly bytes: number | null };
  readonly medium: { readonly parameters: Readonly<Record<string, string>>; readonly files: readonly ReceiptFile[] };
  /** What an export has made, or an import has taken in. */
  readonly files: readonly ReceiptFile[];
  readonly parameters: readonly ReceiptParameter[];
  readonly versions: { readonly controller: string; readonly agent: string | null };
  readonly times: { readonly accepted: string; readonly started: string | null; readonly ended: string; readonly firstBoot: string | null };
  readonly stages: readonly { readonly state: InstallState; readonly at: string }[];
}

export interface ReceiptStatement {
  readonly _type: typeof STATEMENT_TYPE;
  readonly subject: readonly ReceiptSubject[];
  readonly predicateType: typeof RECEIPT_PREDICATE;
  readonly predicate: ReceiptPredicate;
}

/** The digest by which a receipt is found for an install: of its id and its instance's, as one writes them in a line. */
export function installDigest(instanceId: string, installId: string): string {
  return createHash("sha256").update(`slipway install ${installId} of instance ${instanceId}`).digest("hex");
}

/**
 * Everything with a digest that the install has made: the install itself always; the first disk as the image left it, before any script;
 * an export's files.
 */
export function makeStatement(predicate: ReceiptPredicate): ReceiptStatement {
  const { install, instance, image, files } = predicate;
  const subject: ReceiptSubject[] = [{ name: `install/${install.id}`, digest: { sha256: installDigest(instance.id, install.id) } }];
  if (image !== null && image.writtenSha256 !== null) subject.push({ name: `instance/${instance.id}/disk-0.image`, digest: { sha256: image.writtenSha256 } });
  if (install.operation === "export") subject.push(...files.map(({ name, sha256 }) => ({ name, digest: { sha256 } })));
  return { _type: STATEMENT_TYPE, subject, predicateType: RECEIPT_PREDICATE, predicate };
}

/** As much of a statement as has to be there for it to be one of ours; a later release may say more. */
export const receiptStatementSchema = z.looseObject({
  _type: z.literal(STATEMENT_TYPE),
  subject: z.array(z.looseObject({ name: z.string(), digest: z.record(z.string(), z.string()) })).min(1),
  predicateType: z.literal(RECEIPT_PREDICATE),
  predicate: z.looseObject({
    cluster: z.looseObject({ uuid: z.string(), name: z.string() }),
    install: z.looseObject({ id: z.string(), operation: z.string(), node: z.string(), requester: z.string() }),
    instance: z.looseObject({ id: z.string(), name: z.string() }),
    outcome: z.looseObject({ state: z.string(), completion: z.string(), confirmed: z.boolean().nullable() }),
    times: z.looseObject({ ended: z.string() }),
  }),
});
export type VerifiedStatement = z.infer<typeof receiptStatementSchema>;
