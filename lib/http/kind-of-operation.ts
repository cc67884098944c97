import type { ObjectKind } from "#lib/access/require.ts";
import type { Operation } from "#lib/domain/access.ts";

/** What an operation is about: the first half of its name. */
export function kindOfOperation(operation: Operation): ObjectKind {
  // Operations are named `kind.verb` after the kinds of object; the type of a part of a string can't say so.
  return operation.slice(0, operation.indexOf(".")) as ObjectKind;
}
