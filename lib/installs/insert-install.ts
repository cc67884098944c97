import type { Keyring } from "#lib/context/context.ts";
import type { Transaction } from "#lib/db/client.ts";
import type { InstallPlan } from "#lib/domain/install-plan.ts";
import type { EffectiveParameter } from "#lib/domain/resolve-parameters.ts";
import { toJson } from "#lib/jobs/to-json.ts";
import { allocateChannelAddress } from "#lib/networks/allocate-address.ts";
import { storeParameters } from "./stored.ts";

export interface NewInstall {
  readonly id: string;
  readonly jobId: number;
  readonly instanceId: string;
  readonly nodeId: string;
  /** Null, as its version: without an OS definition. */
  readonly definitionId: string | null;
  readonly definitionVersionId: string | null;
  readonly variant: string | null;
  /** Null: no appliance takes part. */
  readonly applianceDigest: string | null;
  readonly plan: InstallPlan;
  readonly parameters: readonly EffectiveParameter[];
  /** Whether its guests need an address of the communication mechanism: they do on a node in system mode. */
  readonly needsAddress: boolean;
}

/**
 * Writes the row of a new install, with an address for its appliances where they need one until it ends, and makes it the instance's
 * current one.
 *
 * @throws SlipwayError `no_room` where there is no address
 */
export async function insertInstall(tx: Transaction, keyring: Keyring, install: NewInstall): Promise<void> {
  await tx.install.create({
    data: {
      id: install.id,
      jobId: install.jobId,
      instanceId: install.instanceId,
      nodeId: install.nodeId,
      definitionVersionId: install.definitionVersionId,
      variant: install.variant,
      applianceDigest: install.applianceDigest,
      plan: toJson(install.plan),
      parameters: toJson(storeParameters(keyring, install)),
      state: "queued",
      timeoutSeconds: install.plan.timeoutSeconds,
    },
    select: { id: true },
  });
  await tx.instance.update({ where: { id: install.instanceId }, data: { currentInstallId: install.id, installState: "queued" }, select: { id: true } });
  if (install.needsAddress) await allocateChannelAddress(tx, { installId: install.id });
}
