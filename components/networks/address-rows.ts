import { parseIp4 } from "#lib/domain/ip-subnets.ts";
import type { AddressView } from "#lib/domain/network.ts";

/** A row of the list: one address, or reserved ones that follow on each other with the same note. */
export interface AddressRow extends Omit<AddressView, "address"> {
  readonly first: string;
  readonly last: string;
  readonly count: number;
  /** The network's own, which can't be released. */
  readonly isOwn: boolean;
}

/** Rows of addresses that are in order. `own`: the network's, each in a row of its own. */
export function addressRows(addresses: readonly AddressView[], own: ReadonlySet<string>): readonly AddressRow[] {
  const rows: AddressRow[] = [];
  for (const { address, holder, instanceName, note } of addresses) {
    const isOwn = own.has(address);
    const before = rows.at(-1);
    if (before !== undefined && holder === "reserved" && before.holder === "reserved" && !isOwn && !before.isOwn && before.note === note && isNext(address, before.last)) {
      rows[rows.length - 1] = { ...before, last: address, count: before.count + 1 };
    } else {
      rows.push({ first: address, last: address, count: 1, holder, instanceName, note, isOwn });
    }
  }
  return rows;
}

function isNext(address: string, before: string): boolean {
  const [number, last] = [parseIp4(address), parseIp4(before)];
  return number !== null && last !== null && number === last + 1;
}
