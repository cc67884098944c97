import type { Keyring } from "#lib/context/context.ts";
import type { ParameterSource, ParameterValue, ParameterView } from "#lib/domain/parameters.ts";

/**
 * What may be told of a parameter to anybody who may see where it stands (design: visibility, row "RAPI and API reads").
 *
 * @param parameter null: there is no value that could be used, and a secret has to be sent.
 * @param scope of the fingerprint, see `fingerprintScope`.
 */
export function toView(keyring: Keyring, { name, parameter, from }: { readonly name: string; readonly parameter: ParameterValue | null; readonly from: ParameterSource }, scope: string): ParameterView {
  switch (parameter?.visibility) {
    case "public":
      return { name, visibility: "public", value: parameter.value, from };
    case "private":
      return { name, visibility: "private", isSet: true, fingerprint: keyring.fingerprint(parameter.value, { scope, name }), from };
    case "secret":
    case undefined:
      return { name, visibility: "secret", isKept: false, from };
  }
}

/**
 * Where a value's fingerprint can be compared: a default's with the default itself, wherever it was used; everything else within
 * its instance. One scope for both would let somebody who may set a value of an instance find out a default by trying.
 */
export function fingerprintScope(from: ParameterSource, { instanceId, definitionId }: { readonly instanceId: string; readonly definitionId: string }): string {
  switch (from) {
    case "cluster":
      return "cluster";
    case "declared":
    case "definition":
    case "variant":
      return definitionId;
    case "instance":
    case "request":
      return instanceId;
  }
}
