import type { GuestData } from "#lib/agent-protocol/messages.ts";
import { ScrubPatterns, sealedValues } from "#lib/domain/scrub.ts";
import type { Sealed } from "#lib/domain/visibility.ts";

/** What must not be shown of what a guest says that may read these. */
export function sealedGuestData({ parameters, userData }: GuestData): Sealed<string>[] {
  return [...sealedValues(parameters), ...(userData === null ? [] : [userData])];
}

export function prepareGuestPatterns(data: GuestData): Promise<ScrubPatterns> {
  return ScrubPatterns.prepare(sealedGuestData(data));
}
