import type { InstallOrder } from "#lib/agent-protocol/messages.ts";
import type { Services } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { osManifestSchema } from "#lib/domain/os-definition.ts";
import { OS_API_VERSION } from "#lib/domain/plan-install.ts";
import { nodeUserData } from "#lib/instances/user-data.ts";
import { FOR_SPEC, heldAddress, instanceSpec } from "./instance-spec.ts";
import { LEASE } from "./lease.ts";
import { loadParameters } from "./load-parameters.ts";
import { readPlan } from "./stored.ts";

/** Seconds for an installed system to show its marker on the serial console. */
const FIRST_BOOT_SECONDS = 300;

/** Everything that an order needs, in one read. */
export async function loadInstall(services: Services, id: string) {
  return services.db.install.findUniqueOrThrow({
    where: { id },
    include: {
      instance: { include: FOR_SPEC },
      address: FOR_SPEC.address,
      node: { select: { id: true, name: true } },
      appliance: { select: { kernelDigest: true, initrdDigest: true, rootDigest: true } },
      definitionVersion: { select: { definitionId: true, digest: true, manifest: true, untrustedDigest: true, imageDigest: true, definition: { select: { name: true } } } },
    },
  });
}
export type LoadedInstall = Awaited<ReturnType<typeof loadInstall>>;

/** Contents that the node must have before the order comes: appliance, scripts, image. */
export function neededBlobs(install: LoadedInstall): string[] {
  const { appliance, definitionVersion } = install;
  const wantsRoot = definitionVersion !== null && osManifestSchema.parse(definitionVersion.manifest).appliance === "full";
  const root = wantsRoot ? appliance?.rootDigest : null;
  const digests = [appliance?.kernelDigest, appliance?.initrdDigest, root, definitionVersion?.untrustedDigest, definitionVersion?.imageDigest];
  return digests.filter((digest) => digest !== null && digest !== undefined);
}

/** The order of an install, with its parameters still sealed: lib/agent-protocol/encode-order.ts opens them on the way out. */
export async function buildOrder(services: Services, install: LoadedInstall): Promise<InstallOrder> {
  const { appliance, definitionVersion: version } = install;
  if (appliance === null || version === null || version.untrustedDigest === null) {
    throw new SlipwayError("unsupported", "The appliance or the OS definition's version that this install was planned with is gone.");
  }
  const plan = readPlan(install.plan);
  const manifest = osManifestSchema.parse(version.manifest);
  return {
    id: install.id,
    operation: plan.operation,
    instance: instanceSpec(install.instance, await services.db.cluster.findUniqueOrThrow({ where: { id: 1 } })),
    primaryNode: install.node.name,
    appliance: { kernelDigest: appliance.kernelDigest, initrdDigest: appliance.initrdDigest, rootDigest: manifest.appliance === "full" ? appliance.rootDigest : null },
    os: {
      definition: version.definition.name,
      variant: install.variant,
      apiVersion: OS_API_VERSION,
      digest: version.digest,
      untrustedDigest: version.untrustedDigest,
      imageDigest: version.imageDigest,
      imageUse: manifest.imageUse,
      appliance: manifest.appliance,
      script: "create",
      places: plan.runs.map(({ place }) => place),
      verify: manifest.untrustedScripts.includes("verify"),
      steps: manifest.steps,
      bootMarker: manifest.bootMarker,
    },
    parameters: await loadParameters(services, install),
    ...(await nodeUserData(services.keyring, install.instance)),
    applianceIp: heldAddress(install.address),
    timeoutSeconds: install.timeoutSeconds,
    firstBootSeconds: FIRST_BOOT_SECONDS,
    start: plan.start,
    retainPreviousSeconds: plan.retainPreviousSeconds ?? 0,
    leaseSeconds: LEASE.seconds,
  };
}

