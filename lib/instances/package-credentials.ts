/**
 * A package's user name and password: secrets under names that no parameter can have, in the vault while the job runs and nowhere
 * else (design: visibility, "A package's user name and password are secrets, and their jobs are jobs with secrets").
 */
import type { InstallPlan } from "#lib/domain/install-plan.ts";
import type { ParameterProblem } from "#lib/domain/resolve-parameters.ts";
import type { Secret } from "#lib/domain/visibility.ts";
import { secretValue } from "#lib/domain/visibility.ts";
import type { PackageCredentials } from "./source-schemas.ts";

export const CREDENTIAL_NAMES = { username: "package:username", password: "package:password" } as const;

/** Why an install can't fetch its package; null: it can, or it has none. */
export function credentialsProblem({ package: archive }: Pick<InstallPlan, "package">, sent: PackageCredentials | null): ParameterProblem | null {
  if (archive === null || !archive.needsCredentials || sent !== null) return null;
  const names = Object.values(CREDENTIAL_NAMES);
  return { code: "missing_secret", message: `The package's user name and password are not kept and must be sent again: ${names.join(", ")}.`, names };
}

/** For the vault. */
export function credentialSecrets(sent: PackageCredentials | null): ReadonlyMap<string, Secret<string>> {
  if (sent === null) return new Map();
  return new Map([
    [CREDENTIAL_NAMES.username, sent.username],
    [CREDENTIAL_NAMES.password, sent.password],
  ]);
}

/** As basic authentication has them, `name:password`. */
export function basicCredentials({ username, password }: PackageCredentials): Secret<string> {
  return secretValue(`${username.open()}:${password.open()}`);
}
