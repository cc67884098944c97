import type { SentNames } from "#lib/domain/ganeti-opcodes.ts";
import type { SentParameters } from "#lib/domain/parameters.ts";

/** What a job's record says of the parameters that were sent: values of public ones, names of the others. */
export function sentNames(sent: SentParameters): SentNames {
  return { public: sent.public, private: Object.keys(sent.private), secret: Object.keys(sent.secret) };
}

/**
 * The same for a request that was refused: no value at all. One sent in too low a class, or under a name that is misspelt,
 * is a secret in the wrong place.
 */
export function refusedNames(sent: SentParameters): SentNames {
  return { ...sentNames(sent), public: Object.fromEntries(Object.keys(sent.public).map((name) => [name, null])) };
}
