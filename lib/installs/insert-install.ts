import type { Keyring } from "#lib/context/context.ts";
import type { Transaction } from "#lib/db/client.ts";
import type { InstallPlan } from "#lib/domain/install-plan.ts";
import type { EffectiveParameter } from "#lib/domain/resolve-parameters.ts";
import { toJson } from "#lib/jobs/to-json.ts";
import { storeParameters } from "./stored.ts";

export interface NewInstall {
  readonly id: string;
  readonly jobId: number;
  readonly instanceId: string;
  readonly nodeId: string;
  readonly definitionId: string;
  readonly definitionVersionId: string;
  readonly variant: string | null;
  readonly applianceDigest: string;
  readonly plan: InstallPlan;
  readonly parameters: readonly EffectiveParameter[];
}

/** Writes the row of a new install and makes it the instance's current one. */
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
}
