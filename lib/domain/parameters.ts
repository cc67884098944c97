import type { Private, Secret, Visibility } from "./visibility.ts";

/** One parameter value with its class. The shape of `value` follows from the class. */
export type ParameterValue =
  | { readonly visibility: "public"; readonly value: string }
  | { readonly visibility: "private"; readonly value: Private<string> }
  | { readonly visibility: "secret"; readonly value: Secret<string> };

/** Parameter values by name. */
export type ParameterSet = ReadonlyMap<string, ParameterValue>;

/**
 * Where an effective value comes from, as the console and the preview show it, and the order in which one overrides another:
 * what the definition declares, the cluster's default, the definition's, its variant's, the instance's own from its last
 * install, this request's.
 */
export const PARAMETER_SOURCES = ["declared", "cluster", "definition", "variant", "instance", "request"] as const;
export type ParameterSource = (typeof PARAMETER_SOURCES)[number];

/** What may be told of a parameter to anybody who may see the instance. A private or secret value isn't part of it. */
export type ParameterView =
  | { readonly name: string; readonly visibility: "public"; readonly value: string; readonly from: ParameterSource }
  | {
      readonly name: string;
      readonly visibility: "private";
      readonly isSet: true;
      /** Keyed and short: equal values of one instance's parameter have equal fingerprints. */
      readonly fingerprint: string | null;
      readonly from: ParameterSource;
    }
  | { readonly name: string; readonly visibility: "secret"; readonly isKept: false; readonly from: ParameterSource };

/** Limits on what a request may send. Bytes are UTF-8. */
export const PARAMETER_LIMITS = {
  count: 256,
  nameBytes: 64,
  valueBytes: 65_536,
  totalBytes: 1_048_576,
} as const;

/** Values shorter than this, in characters, are too common to replace in a log; accepting one is worth a warning. */
export const SHORTEST_SCRUBBED = 6;

/** Ganeti's rule for names of OS parameters: they become `OSP_<NAME>` in the script's environment. */
export const PARAMETER_NAME = /^[a-zA-Z][a-zA-Z0-9_-]{0,63}$/;

/** Three maps as RAPI and the API send them, before a definition's floors are applied. */
export interface SentParameters {
  readonly public: Readonly<Record<string, string>>;
  readonly private: Readonly<Record<string, Private<string>>>;
  readonly secret: Readonly<Record<string, Secret<string>>>;
}

export type { Visibility };
