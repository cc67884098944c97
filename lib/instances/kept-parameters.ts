import type { Keyring } from "#lib/context/context.ts";
import type { InstanceParameter } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { ParameterView } from "#lib/domain/parameters.ts";
import type { KeptParameter } from "#lib/domain/resolve-parameters.ts";
import type { Private } from "#lib/domain/visibility.ts";

/** What an instance keeps for its next install, private values still sealed. */
export async function keptParameters(keyring: Keyring, rows: readonly InstanceParameter[]): Promise<KeptParameter[]> {
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

/** What may be told of it. */
export async function parameterViews(keyring: Keyring, rows: readonly InstanceParameter[]): Promise<ParameterView[]> {
  return Promise.all(rows.map(async (row): Promise<ParameterView> => {
    const common = { name: row.name, from: "instance" } as const;
    switch (row.visibility) {
      case "public":
        return { ...common, visibility: "public", value: row.publicValue ?? "" };
      case "private":
        return { ...common, visibility: "private", isSet: true, fingerprint: keyring.fingerprint(await unseal(keyring, row), { scope: row.instanceId, name: row.name }) };
      case "secret":
        return { ...common, visibility: "secret", isKept: false };
    }
  }));
}

async function unseal(keyring: Keyring, { instanceId, name, privateValue }: InstanceParameter): Promise<Private<string>> {
  // A constraint of the table says that it is there.
  if (privateValue === null) throw new SlipwayError("internal", `The stored value of OS parameter ${name} is missing.`, { field: `osparams.${name}` });
  return keyring.unseal(privateValue, { kind: "instance", instanceId, name });
}
