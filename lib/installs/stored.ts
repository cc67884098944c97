/** The JSON columns of an install, read back. This program is the only one that writes them. */
import { z } from "zod";
import type { Keyring } from "#lib/context/context.ts";
import type { InstallPlan } from "#lib/domain/install-plan.ts";
import type { EffectiveParameter } from "#lib/domain/resolve-parameters.ts";
import { ACTIVE_STATES } from "#lib/domain/install-states.ts";
import type { InstallFactsView, InstallStageView, InstallStepView } from "#lib/domain/views.ts";
import { PARAMETER_SOURCES } from "#lib/domain/parameters.ts";
import { VISIBILITIES } from "#lib/domain/visibility.ts";
import { fingerprintScope } from "#lib/parameter-defaults/parameter-view.ts";

const storedParameterSchema = z.object({
  name: z.string(),
  visibility: z.enum(VISIBILITIES),
  // `default` is how the first release wrote `declared`.
  from: z.union([z.enum(PARAMETER_SOURCES), z.literal("default").transform(() => "declared" as const)]),
  /** Of a public parameter only. */
  value: z.string().optional(),
  /** Of a private one only; the first release wrote none. */
  fingerprint: z.string().optional(),
});
export type StoredParameter = z.infer<typeof storedParameterSchema>;

const stepsSchema = z.array(
  z.object({ id: z.string(), label: z.string(), source: z.enum(["agent", "guest"]), startedAt: z.string().nullable(), endedAt: z.string().nullable() }),
);

/** What an earlier release's plan didn't have: it wrote no image, started no medium and knew no package. */
const EARLIER = { appliance: null, verifiesFirst: false, image: null, medium: {}, package: null, replacesDataDisks: [], inPlace: false } as const satisfies Partial<InstallPlan>;

export function readPlan(json: unknown): InstallPlan {
  // Written from an InstallPlan by lib/installs/insert-install.ts and never changed.
  return { ...EARLIER, ...(json as Omit<InstallPlan, keyof typeof EARLIER>) };
}

const factsSchema = z.object({
  image: z.object({ sha256: z.string(), bytes: z.number(), writtenSha256: z.string(), virtualBytes: z.number() }).nullable().default(null),
  package: z.object({ sha256: z.string(), bytes: z.number() }).nullable().default(null),
  media: z.array(z.object({ name: z.string(), sha256: z.string(), bytes: z.number() })).default([]),
  files: z.array(z.object({ index: z.number(), name: z.string(), sha256: z.string(), bytes: z.number() })).default([]),
});

export function readFacts(json: unknown): InstallFactsView {
  return factsSchema.parse(json);
}

const stagesSchema = z.array(z.object({ state: z.enum(ACTIVE_STATES), at: z.string() }));

export function readStages(json: unknown): InstallStageView[] {
  return stagesSchema.parse(json);
}

export function readParameters(json: unknown): StoredParameter[] {
  return z.array(storedParameterSchema).parse(json);
}

export function readSteps(json: unknown): InstallStepView[] {
  return stepsSchema.parse(json);
}

/** How parameters stand in an install's record: values of public ones, fingerprints of private ones as they were accepted. */
export function storeParameters(keyring: Keyring, install: { readonly instanceId: string; readonly definitionId: string | null; readonly parameters: readonly EffectiveParameter[] }): StoredParameter[] {
  // Without a definition nothing comes from one.
  const scopes = { instanceId: install.instanceId, definitionId: install.definitionId ?? install.instanceId };
  return install.parameters.map(({ name, parameter, from }): StoredParameter => {
    switch (parameter.visibility) {
      case "public":
        return { name, visibility: "public", from, value: parameter.value };
      case "private":
        return { name, visibility: "private", from, fingerprint: keyring.fingerprint(parameter.value, { scope: fingerprintScope(from, scopes), name }) };
      case "secret":
        return { name, visibility: "secret", from };
    }
  });
}
