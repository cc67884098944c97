import type { Keyring } from "#lib/context/context.ts";
import type { Install, Prisma, Transaction } from "#lib/db/client.ts";
import { privateValue } from "#lib/domain/visibility.ts";
import type { StoredParameter } from "./stored.ts";
import { readParameters } from "./stored.ts";

/**
 * What was sent for this install, and what the instance had already, is what it keeps for the next: public values, private ones
 * encrypted for its own row, secret ones by name (design: visibility, row "instance record in PostgreSQL"). What came from a default
 * isn't the instance's own: at its next install the defaults of then count. What ran, defaults included, stands in the install's
 * record. Must run before the job's encrypted rows go.
 *
 * A private value that is nowhere any more isn't kept, and so is asked for again.
 */
export async function keepParameters(tx: Transaction, keyring: Keyring, install: Pick<Install, "jobId" | "instanceId" | "parameters">): Promise<void> {
  const { jobId, instanceId } = install;
  const sent = new Map((await tx.jobPrivateValue.findMany({ where: { jobId } })).map((row) => [row.name, row.value]));
  const before = new Map((await tx.instanceParameter.findMany({ where: { instanceId } })).map((row) => [row.name, row]));
  const kept = await Promise.all(readParameters(install.parameters).filter(isOwn).map(async ({ name, visibility, from, value }): Promise<Prisma.InstanceParameterCreateManyInput[]> => {
    const empty = { instanceId, name, visibility, publicValue: null, privateValue: null };
    switch (visibility) {
      case "public":
        return [{ ...empty, publicValue: value ?? "" }];
      case "secret":
        return [empty];
      case "private": {
        const place = { kind: "instance", instanceId, name } as const;
        const envelope = sent.get(name);
        const row = before.get(name);
        if (from === "request" && envelope !== undefined) {
          return [{ ...empty, privateValue: keyring.seal(await keyring.unseal(envelope, { kind: "job", jobId, name }), place) }];
        }
        if (from === "instance" && row !== undefined && row.privateValue !== null) return [{ ...empty, privateValue: row.privateValue }];
        if (from === "instance" && row !== undefined && row.publicValue !== null) return [{ ...empty, privateValue: keyring.seal(privateValue(row.publicValue), place) }];
        return [];
      }
    }
  }));
  await tx.instanceParameter.deleteMany({ where: { instanceId } });
  if (kept.flat().length > 0) await tx.instanceParameter.createMany({ data: kept.flat() });
}

function isOwn({ from }: StoredParameter): boolean {
  return from === "request" || from === "instance";
}
