import type { ApplianceRef, InstallOrder } from "#lib/agent-protocol/messages.ts";
import type { Services } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { InstallPlan } from "#lib/domain/install-plan.ts";
import { osManifestSchema } from "#lib/domain/os-definition.ts";
import type { OsManifest } from "#lib/domain/os-definition.ts";
import { needsAppliance, OS_API_VERSION } from "#lib/domain/plan-install.ts";
import { nodeUserData } from "#lib/instances/user-data.ts";
import { heldAddress, instanceSpec } from "./instance-spec.ts";
import { LEASE } from "./lease.ts";
import type { LoadedInstall } from "./load-install.ts";
import { loadPackage } from "./load-package.ts";
import { loadParameters } from "./load-parameters.ts";
import type { OrderParts } from "./order-parts.ts";
import { readPlan } from "./stored.ts";

/** Seconds for an installed system to show its marker on the serial console. */
const FIRST_BOOT_SECONDS = 300;

type Version = NonNullable<LoadedInstall["definitionVersion"]>;

/** Contents that the node must have before the order comes: appliance, scripts, image. */
export function neededBlobs({ appliance, os }: Pick<InstallOrder, "appliance" | "os">): string[] {
  const digests = [appliance?.kernelDigest, appliance?.initrdDigest, appliance?.rootDigest, os?.untrustedDigest, os?.hostDigest, os?.imageDigest];
  return digests.filter((digest) => digest !== null && digest !== undefined);
}

/**
 * The order of an install, with its parameters still sealed: lib/agent-protocol/encode-order.ts opens them on the way out.
 *
 * @param parts what the kind of job adds to it.
 * @throws SlipwayError `process_lost` with the names of secrets that this process doesn't hold; `unsupported`
 */
export async function buildOrder(services: Services, install: LoadedInstall, parts: OrderParts): Promise<InstallOrder> {
  const plan = readPlan(install.plan);
  const cluster = await services.db.cluster.findUniqueOrThrow({ where: { id: 1 } });
  const manifest = install.definitionVersion === null ? null : osManifestSchema.parse(install.definitionVersion.manifest);
  return {
    id: install.id,
    operation: plan.operation,
    instance: { ...instanceSpec(install.instance, cluster), ...(parts.name === null ? {} : { name: parts.name }) },
    primaryNode: install.node.name,
    appliance: applianceOf(install, plan),
    os: osOf(install, plan, manifest, parts),
    image: plan.image,
    medium: plan.medium,
    package: loadPackage(services, install.jobId, plan),
    allowPrivate: cluster.privateSources,
    completion: plan.completion,
    inPlace: plan.inPlace,
    replaceDataDisks: plan.replacesDataDisks.map(({ index }) => index),
    oldName: parts.oldName,
    exportId: parts.exportId,
    importFiles: [...parts.importFiles],
    parameters: await loadParameters(services, install),
    ...(await nodeUserData(services.keyring, install.instance)),
    applianceIp: heldAddress(install.address),
    timeoutSeconds: install.timeoutSeconds,
    firstBootSeconds: FIRST_BOOT_SECONDS,
    start: plan.start,
    retainPreviousSeconds: plan.retainPreviousSeconds ?? 0,
    leaseSeconds: LEASE.seconds,
    erase: cluster.eraseDisks,
  };
}

/** The appliance that was there when the install was accepted, with its full userland where a run needs that. */
function applianceOf({ appliance }: LoadedInstall, plan: InstallPlan): ApplianceRef | null {
  if (!needsAppliance(plan)) return null;
  if (appliance === null) throw new SlipwayError("unsupported", "The appliance that this install was planned with is gone.");
  const { kernelDigest, initrdDigest, rootDigest, contractVersion } = appliance;
  return { kernelDigest, initrdDigest, rootDigest: plan.appliance === "full" || plan.package !== null ? rootDigest : null, contract: contractVersion };
}

function osOf(install: LoadedInstall, plan: InstallPlan, manifest: OsManifest | null, { hostDigest }: OrderParts): InstallOrder["os"] {
  const script = plan.runs[0]?.script;
  if (script === undefined) return null;
  const version: Version | null = install.definitionVersion;
  if (version === null || manifest === null || (plan.appliance !== null && version.untrustedDigest === null)) throw new SlipwayError("unsupported", "The OS definition's version that this install was planned with is gone.");
  return {
    definition: version.definition.name,
    variant: install.variant,
    apiVersion: OS_API_VERSION,
    digest: version.digest,
    untrustedDigest: plan.appliance === null ? null : version.untrustedDigest,
    hostDigest,
    imageDigest: plan.appliance === null ? null : version.imageDigest,
    imageUse: manifest.imageUse,
    appliance: manifest.appliance,
    script,
    places: plan.runs.map(({ place }) => place),
    verify: plan.verifiesFirst,
    steps: manifest.steps,
    bootMarker: manifest.bootMarker,
  };
}
