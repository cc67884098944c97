import type { InstallOrder } from "#lib/agent-protocol/messages.ts";
import type { ApplianceKind } from "#lib/domain/os-definition.ts";
import { hasMedium, runsIn } from "./order-facts.ts";

/** MiB in which each kind of appliance works. */
const LEAST_MEMORY_MIB: Readonly<Record<ApplianceKind, number>> = { small: 256, full: 512 };
/** More is of no use to what installs a system. */
const MOST_MEMORY_MIB = 2_048;

export function leastApplianceMemoryMib(kind: ApplianceKind): number {
  return LEAST_MEMORY_MIB[kind];
}

/** Memory of the appliance: the instance's own, but enough to unpack a system and no more than is of use. */
export function applianceMemoryMib({ instance, os }: InstallOrder): number {
  return Math.min(Math.max(instance.memoryMib, leastApplianceMemoryMib(os?.appliance ?? "full")), MOST_MEMORY_MIB);
}

/** Memory of the run that lays a package over the system: of the full userland, whatever the definition asks for. */
export function personalizeMemoryMib({ instance }: InstallOrder): number {
  return Math.min(Math.max(instance.memoryMib, leastApplianceMemoryMib("full")), MOST_MEMORY_MIB);
}

/** What the largest of an install's guests takes, in MiB; they run one after the other. */
export function neededMemoryMib(order: InstallOrder): number {
  return Math.max(
    runsIn(order, "appliance") ? applianceMemoryMib(order) : 0,
    order.package === null ? 0 : personalizeMemoryMib(order),
    hasMedium(order) ? order.instance.memoryMib : 0,
  );
}
