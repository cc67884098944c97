import type { GuestData } from "#lib/agent-protocol/messages.ts";
import type { Services } from "#lib/context/context.ts";
import type { Instance, Prisma } from "#lib/db/client.ts";
import type { ParameterValue } from "#lib/domain/parameters.ts";
import type { ParameterRow } from "./kept-parameters.ts";
import { keptParameters } from "./kept-parameters.ts";
import { nodeUserData } from "./user-data.ts";

/** What is read of an instance for its metadata. */
export const FOR_GUEST_DATA = { parameters: true } as const satisfies Prisma.InstanceInclude;
type Row = Pick<Instance, "id" | "userData"> & { readonly parameters: readonly ParameterRow[] };

/**
 * What a running guest may read of itself (design: visibility, row "metadata service … in normal running"): the public and private
 * parameters that it keeps and its user data, the private ones sealed. Secrets are gone since its install.
 */
export async function loadGuestData({ keyring }: Pick<Services, "keyring">, row: Row): Promise<GuestData> {
  const [kept, userData] = await Promise.all([keptParameters(keyring, row.parameters), nodeUserData(keyring, row)]);
  const parameters = kept.flatMap((parameter): [string, ParameterValue][] => {
    switch (parameter.visibility) {
      case "public":
        return [[parameter.name, { visibility: "public", value: parameter.value }]];
      case "private":
        return [[parameter.name, { visibility: "private", value: parameter.value }]];
      case "secret":
        return [];
    }
  });
  return { parameters: new Map(parameters), ...userData };
}
