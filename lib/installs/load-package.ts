import type { InstallOrder } from "#lib/agent-protocol/messages.ts";
import type { Services } from "#lib/context/context.ts";
import type { InstallPlan } from "#lib/domain/install-plan.ts";
import { basicCredentials, CREDENTIAL_NAMES } from "#lib/instances/package-credentials.ts";
import { secretsLost } from "./load-parameters.ts";

/**
 * The package of an order, with what it is fetched with still sealed.
 *
 * @throws SlipwayError `process_lost` where this process doesn't hold its user name and password
 */
export function loadPackage(services: Services, jobId: number, { package: archive }: Pick<InstallPlan, "package">): InstallOrder["package"] {
  if (archive === null) return null;
  const { url, checksum, needsCredentials } = archive;
  if (!needsCredentials) return { url, checksum, credentials: null };
  const secrets = services.vault.get(jobId);
  const username = secrets?.get(CREDENTIAL_NAMES.username);
  const password = secrets?.get(CREDENTIAL_NAMES.password);
  if (username === undefined || password === undefined) throw secretsLost(Object.values(CREDENTIAL_NAMES));
  return { url, checksum, credentials: basicCredentials({ username, password }) };
}
