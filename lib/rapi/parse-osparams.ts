import { z } from "zod";

/** A map of parameters as clients send it. Numbers become text, as they do in the environment of Ganeti's scripts. */
export const osparamsSchema = z.record(z.string(), z.union([z.string(), z.number().transform(String)])).nullish();
type Osparams = z.output<typeof osparamsSchema>;

/** The three maps under the names that our own schemas have, for which private and secret values are sealed at once. */
export function sentParameters(body: { readonly osparams?: Osparams; readonly osparams_private?: Osparams; readonly osparams_secret?: Osparams }): Readonly<Record<string, unknown>> {
  return { public: body.osparams ?? {}, private: body.osparams_private ?? {}, secret: body.osparams_secret ?? {} };
}
