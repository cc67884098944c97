import type { EffectiveParameter } from "#lib/domain/resolve-parameters.ts";
import { secretsOf } from "#lib/domain/resolve-parameters.ts";
import type { Private, Secret } from "#lib/domain/visibility.ts";
import { credentialSecrets } from "./package-credentials.ts";
import type { PackageCredentials } from "./source-schemas.ts";

/**
 * What of an install has to be put away for its job: all secrets, the package's user name and password among them, and the private values that aren't the instance's
 * own already. A default's is among them: the install uses what was accepted, whatever becomes of the default meanwhile.
 */
export function newParameters(parameters: readonly EffectiveParameter[], credentials: PackageCredentials | null): { readonly privateValues: ReadonlyMap<string, Private<string>>; readonly secrets: ReadonlyMap<string, Secret<string>> } {
  const privateValues = new Map<string, Private<string>>();
  for (const { name, parameter, from } of parameters) if (parameter.visibility === "private" && from !== "instance") privateValues.set(name, parameter.value);
  return { privateValues, secrets: new Map([...secretsOf(parameters), ...credentialSecrets(credentials)]) };
}
