/** Whether image, medium and package of an install can be reached from its node: what a preview shows of it (design: install, "The preview checks"). */
import type { ProbeRequest, ProbeResult } from "#lib/agent-protocol/messages.ts";
import type { Services } from "#lib/context/context.ts";
import { isSlipwayError } from "#lib/domain/errors.ts";
import type { InstallCheck, InstallPlan } from "#lib/domain/install-plan.ts";
import { basicCredentials } from "./package-credentials.ts";
import type { PackageCredentials } from "./source-schemas.ts";

/** Milliseconds that a person waits for it at the most. */
const PROBE_MS = 10_000;
const MIB = 1_048_576;

/**
 * Asks the node, for a bounded time. That it doesn't answer is a finding as any other.
 *
 * @param given.credentials of the package; null: none were sent, and one that needs some isn't asked for.
 */
export async function probeSources(
  services: Services,
  plan: Pick<InstallPlan, "image" | "medium" | "package" | "replacesDisk">,
  given: { readonly node: { readonly id: string; readonly name: string }; readonly privateSources: readonly string[]; readonly credentials: PackageCredentials | null },
): Promise<InstallCheck[]> {
  const { image, medium, package: archive } = plan;
  const needsCredentials = archive !== null && archive.needsCredentials && given.credentials === null;
  const asked = archive === null || needsCredentials ? null : { url: archive.url, checksum: archive.checksum, credentials: given.credentials === null ? null : basicCredentials(given.credentials) };
  const unasked: InstallCheck[] = needsCredentials ? [{ id: "package", ok: true, text: "The package needs its user name and password, so it hasn't been looked for." }] : [];
  if (image === null && Object.keys(medium).length === 0 && asked === null) return unasked;
  const request: ProbeRequest = { image, medium, package: asked, allowPrivate: [...given.privateSources] };
  try {
    const client = await services.agents.client(given.node.id);
    const { findings } = await client.probeSources(request, AbortSignal.timeout(PROBE_MS));
    return [...findings.map((finding) => toCheck(finding, plan.replacesDisk?.sizeMib ?? 0)), ...unasked];
  } catch (error) {
    // An abort of the client's is one of ours as well, or the platform's own.
    if (!isSlipwayError(error) && !(error instanceof DOMException)) throw error;
    const text = `Node ${given.node.name} has not said whether it can be reached.`;
    return [...partsOf(request).map((id): InstallCheck => ({ id, ok: false, text })), ...unasked];
  }
}

function partsOf({ image, medium, package: archive }: ProbeRequest): ("image" | "medium" | "package")[] {
  return [...(image === null ? [] : (["image"] as const)), ...(Object.keys(medium).length === 0 ? [] : (["medium"] as const)), ...(archive === null ? [] : (["package"] as const))];
}

function toCheck({ field, ok, text, virtualBytes }: ProbeResult["findings"][number], diskMib: number): InstallCheck {
  const id = field.startsWith("medium") ? "medium" : field === "package" ? "package" : "image";
  if (id === "image" && virtualBytes !== null && virtualBytes > diskMib * MIB) {
    return { id, ok: false, text: `The image takes ${Math.ceil(virtualBytes / MIB)} MiB, and the first disk has ${diskMib} MiB.` };
  }
  return { id, ok, text };
}
