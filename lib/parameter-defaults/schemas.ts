/** Bodies of changes of defaults. A name with null is removed; what isn't named stays. */
import { z } from "zod";
import { isFew, parameterName, parameterText, sealedText, TOO_MANY } from "#lib/domain/parameter-values.ts";
import { privateValue } from "#lib/domain/visibility.ts";

const values = {
  public: z.record(parameterName, parameterText.nullable()).refine(isFew, TOO_MANY).default({}),
  // Sealed from here on.
  private: z.record(parameterName, sealedText.transform((text) => privateValue(text)).nullable()).refine(isFew, TOO_MANY).default({}),
  // Known by name, so that what is said of one is the reason.
  secret: z.record(parameterName, z.never({ error: "is refused: secret parameters have no default" })).optional(),
};

export const clusterDefaultsInputSchema = z.strictObject(values);
export type ClusterDefaultsInput = z.output<typeof clusterDefaultsInputSchema>;

export const definitionDefaultsInputSchema = z.strictObject({
  /** Null or left out: the whole definition. */
  variant: z.string().min(1).max(64).nullable().default(null),
  ...values,
});
export type DefinitionDefaultsInput = z.output<typeof definitionDefaultsInputSchema>;
