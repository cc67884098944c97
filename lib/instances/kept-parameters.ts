import type { Keyring } from "#lib/context/context.ts";
import type { InstanceParameter } from "#lib/db/client.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { ParameterView } from "#lib/domain/parameters.ts";
import type { KeptParameter } from "#lib/domain/resolve-parameters.ts";
import type { Private } from "#lib/domain/visibility.ts";

/** What an instance keeps for its next install, private values still sealed. */
export function keptParameters(keyring: Keyring, rows: readonly InstanceParameter[]): KeptParameter[] {
  return rows.map((row) => {
    switch (row.visibility) {
      case "public":
        return { name: row.name, visibility: "public", value: row.publicValue ?? "" };
      case "private":
        return { name: row.name, visibility: "private", value: unseal(keyring, row) };
      case "secret":
        return { name: row.name, visibility: "secret" };
    }
  });
}

/** What may be told of it. */
export function parameterViews(keyring: Keyring, rows: readonly InstanceParameter[]): ParameterView[] {
  return rows.map((row) => {
    const common = { name: row.name, from: "instance" } as const;
    switch (row.visibility) {
      case "public":
        return { ...common, visibility: "public", value: row.publicValue ?? "" };
      case "private":
        return { ...common, visibility: "private", isSet: true, fingerprint: keyring.fingerprint(unseal(keyring, row), { instanceId: row.instanceId, name: row.name }) };
      case "secret":
        return { ...common, visibility: "secret", isKept: false };
    }
  });
}

function unseal(keyring: Keyring, { instanceId, name, privateValue }: InstanceParameter): Private<string> {
  // A constraint of the table says that it is there.
  if (privateValue === null) throw new SlipwayError("internal", `The stored value of OS parameter ${name} is missing.`, { field: `osparams.${name}` });
  return keyring.unseal(privateValue, { kind: "instance", instanceId, name });
}
