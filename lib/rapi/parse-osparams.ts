import { z } from "zod";

/** A longer whole number has lost digits by the time that it is here, and would be another password. */
function isExact(number: number): boolean {
  return !Number.isInteger(number) || Number.isSafeInteger(number);
}

/** A map of parameters as clients send it. Numbers become text, as they do in the environment of Ganeti's scripts. */
export const osparamsSchema = z.record(z.string(), z.union([z.string(), z.number().refine(isExact).transform(String)])).nullish();
type Osparams = z.output<typeof osparamsSchema>;

/** The three maps under the names that our own schemas have, for which private and secret values are sealed at once. */
export function sentParameters(body: { readonly osparams?: Osparams; readonly osparams_private?: Osparams; readonly osparams_secret?: Osparams }): Readonly<Record<string, unknown>> {
  return { public: body.osparams ?? {}, private: body.osparams_private ?? {}, secret: body.osparams_secret ?? {} };
}
