import type { Services } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { ParameterSet, ParameterValue } from "#lib/domain/parameters.ts";
import { privateValue } from "#lib/domain/visibility.ts";
import { readParameters } from "./stored.ts";

/**
 * The parameters of an order, put together from where each class is kept (design: visibility, the table): public ones from
 * the install's record, private ones from the instance's encrypted rows where they are its own and from the job's otherwise,
 * secret ones from this process's memory.
 *
 * @throws SlipwayError `process_lost`, with the names of secrets that this process doesn't hold.
 */
export async function loadParameters(services: Services, install: { readonly jobId: number; readonly instanceId: string; readonly parameters: unknown }): Promise<ParameterSet> {
  const [ofJob, ofInstance] = await Promise.all([
    services.db.jobPrivateValue.findMany({ where: { jobId: install.jobId } }),
    services.db.instanceParameter.findMany({ where: { instanceId: install.instanceId } }),
  ]);
  const accepted = new Map(ofJob.map((row) => [row.name, row.value]));
  const kept = new Map(ofInstance.map((row) => [row.name, row]));
  const secrets = services.vault.get(install.jobId);
  const lost: string[] = [];
  const found = new Map<string, ParameterValue>();
  for (const { name, visibility, from, value } of readParameters(install.parameters)) {
    switch (visibility) {
      case "public":
        found.set(name, { visibility, value: value ?? "" });
        break;
      case "private": {
        const envelope = from === "instance" ? undefined : accepted.get(name);
        const row = from === "instance" ? kept.get(name) : undefined;
        if (envelope !== undefined) found.set(name, { visibility, value: await services.keyring.unseal(envelope, { kind: "job", jobId: install.jobId, name }) });
        else if (row !== undefined && row.privateValue !== null) {
          found.set(name, { visibility, value: await services.keyring.unseal(row.privateValue, { kind: "instance", instanceId: install.instanceId, name }) });
        } else if (row !== undefined && row.publicValue !== null) found.set(name, { visibility, value: privateValue(row.publicValue) });
        else throw new SlipwayError("internal", `The stored value of OS parameter ${name} is missing.`, { field: `osparams.${name}` });
        break;
      }
      case "secret": {
        const secret = secrets?.get(name);
        if (secret === undefined) lost.push(name);
        else found.set(name, { visibility, value: secret });
        break;
      }
    }
  }
  if (lost.length > 0) throw secretsLost(lost);
  return found;
}

/** What a job fails with when the process that held its secrets is gone. */
export function secretsLost(names: readonly string[]): SlipwayError {
  return new SlipwayError("process_lost", `The process that held this job's secrets is gone. Send these again: ${names.toSorted().join(", ")}.`, { field: "osparams", names });
}
