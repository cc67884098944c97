import { SlipwayError } from "#lib/domain/errors.ts";
import type { ParameterValue } from "#lib/domain/parameters.ts";
import type { ClusterDefaultsInput } from "./schemas.ts";

/** One class a name: what is to be set, and what is to go. */
export interface DefaultChanges {
  readonly set: ReadonlyMap<string, Exclude<ParameterValue, { visibility: "secret" }>>;
  readonly removed: readonly string[];
}

/**
 * The two maps of a request as one. A name that is null in one of them and has a value in the other changes its class.
 *
 * @throws SlipwayError `invalid` for a name with a value in both.
 */
export function readChanges(input: Pick<ClusterDefaultsInput, "public" | "private">): DefaultChanges {
  const set = new Map<string, Exclude<ParameterValue, { visibility: "secret" }>>();
  for (const [name, value] of Object.entries(input.public)) if (value !== null) set.set(name, { visibility: "public", value });
  for (const [name, value] of Object.entries(input.private)) {
    if (value === null) continue;
    if (set.has(name)) throw new SlipwayError("invalid", `OS parameter ${name} was sent in two classes.`, { field: `osparams.${name}`, names: [name] });
    set.set(name, { visibility: "private", value });
  }
  const named = new Set([...Object.keys(input.public), ...Object.keys(input.private)]);
  return { set, removed: [...named].filter((name) => !set.has(name)) };
}
