/** The JSON columns of an install, read back. This program is the only one that writes them. */
import { z } from "zod";
import type { InstallPlan } from "#lib/domain/install-plan.ts";
import type { EffectiveParameter } from "#lib/domain/resolve-parameters.ts";
import type { InstallStepView } from "#lib/domain/views.ts";
import { PARAMETER_SOURCES } from "#lib/domain/parameters.ts";
import { VISIBILITIES } from "#lib/domain/visibility.ts";

const storedParameterSchema = z.object({
  name: z.string(),
  visibility: z.enum(VISIBILITIES),
  // `default` is how the first release wrote `declared`.
  from: z.union([z.enum(PARAMETER_SOURCES), z.literal("default").transform(() => "declared" as const)]),
  /** Of a public parameter only. */
  value: z.string().optional(),
});
export type StoredParameter = z.infer<typeof storedParameterSchema>;

const stepsSchema = z.array(
  z.object({ id: z.string(), label: z.string(), source: z.enum(["agent", "guest"]), startedAt: z.string().nullable(), endedAt: z.string().nullable() }),
);

export function readPlan(json: unknown): InstallPlan {
  // Written from an InstallPlan by lib/installs/insert-install.ts and never changed.
  return json as InstallPlan;
}

export function readParameters(json: unknown): StoredParameter[] {
  return z.array(storedParameterSchema).parse(json);
}

export function readSteps(json: unknown): InstallStepView[] {
  return stepsSchema.parse(json);
}

/** How parameters stand in an install's record: values of public ones only. */
export function storeParameters(parameters: readonly EffectiveParameter[]): StoredParameter[] {
  return parameters.map(({ name, parameter, from }) =>
    parameter.visibility === "public" ? { name, visibility: "public", from, value: parameter.value } : { name, visibility: parameter.visibility, from },
  );
}
