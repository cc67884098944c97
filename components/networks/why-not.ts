import { formatCount } from "#components/format.ts";
import type { NetworkView } from "#lib/domain/network.ts";

/** Why a network can't be deleted now, as far as its numbers tell; undefined: nothing stands against it. */
export function whyNotDeleted({ taken, reserved }: Pick<NetworkView, "taken" | "reserved">): string | undefined {
  const held = taken - reserved;
  if (held <= 0) return undefined;
  return held === 1 ? "An instance has an address of it" : `Instances have ${formatCount(held)} addresses of it`;
}

/** Why there is nothing to edit now: the subnet stays while somebody has an address of it, and one for channels has nothing else. */
export function whyNotEdited(network: Pick<NetworkView, "purpose" | "taken" | "reserved">): string | undefined {
  return network.purpose === "communication" ? whyNotDeleted(network) : undefined;
}
