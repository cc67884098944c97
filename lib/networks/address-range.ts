import { SlipwayError } from "#lib/domain/errors.ts";
import { offsetIn, parseSubnet4 } from "#lib/domain/ip-subnets.ts";
import { RANGE_SIZE } from "./schemas.ts";

/** The offsets of a range in a subnet, both included. @throws SlipwayError `invalid`, `too_large`, with the field */
export function rangeIn(subnet: string, { first, last }: { readonly first: string; readonly last: string }): { readonly from: number; readonly to: number } {
  const from = requireIn(subnet, "first", first);
  const to = requireIn(subnet, "last", last);
  if (to < from) throw new SlipwayError("invalid", "last must not be before first.", { field: "last" });
  if (to - from >= RANGE_SIZE) throw new SlipwayError("too_large", `A request may have ${RANGE_SIZE} addresses; these are ${to - from + 1}.`, { field: "last" });
  return { from, to };
}

function requireIn(subnet: string, field: string, address: string): number {
  const parsed = parseSubnet4(subnet);
  const offset = parsed === null ? null : offsetIn(parsed, address);
  if (offset === null) throw new SlipwayError("invalid", `${field} must be an address in ${subnet}.`, { field });
  return offset;
}
