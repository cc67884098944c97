import type { Services } from "#lib/context/context.ts";
import { FOR_SPEC } from "./instance-spec.ts";

/** Everything that an order needs, in one read. */
export async function loadInstall(services: Services, id: string) {
  return services.db.install.findUniqueOrThrow({
    where: { id },
    include: {
      instance: { include: FOR_SPEC },
      address: FOR_SPEC.address,
      node: { select: { id: true, name: true } },
      job: { select: { request: true } },
      appliance: { select: { kernelDigest: true, initrdDigest: true, rootDigest: true, contractVersion: true } },
      definitionVersion: { select: { id: true, definitionId: true, digest: true, manifest: true, untrustedDigest: true, hostDigest: true, imageDigest: true, definition: { select: { name: true } } } },
    },
  });
}
export type LoadedInstall = Awaited<ReturnType<typeof loadInstall>>;
