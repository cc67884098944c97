import type { Keyring } from "#lib/context/context.ts";
import type { PreviousParameter } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { KeptParameter } from "#lib/domain/resolve-parameters.ts";
import type { Private } from "#lib/domain/visibility.ts";

/** A parameter of an instance, or of the system that it had before. */
export type ParameterRow = PreviousParameter;

/** What an instance keeps for its next install, private values still sealed. */
export async function keptParameters(keyring: Keyring, rows: readonly ParameterRow[]): Promise<KeptParameter[]> {
  return Promise.all(rows.map(async (row): Promise<KeptParameter> => {
    switch (row.visibility) {
      case "public":
        return { name: row.name, visibility: "public", value: row.publicValue ?? "" };
      case "private":
        return { name: row.name, visibility: "private", value: await unseal(keyring, row) };
      case "secret":
        return { name: row.name, visibility: "secret" };
    }
  }));
}

async function unseal(keyring: Keyring, { instanceId, name, privateValue }: ParameterRow): Promise<Private<string>> {
  // A constraint of the table says that it is there.
  if (privateValue === null) throw new SlipwayError("internal", `The stored value of OS parameter ${name} is missing.`, { field: `osparams.${name}` });
  return keyring.unseal(privateValue, { kind: "instance", instanceId, name });
}
