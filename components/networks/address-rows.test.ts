import { describe, expect, it } from "vitest";
import type { AddressView } from "#lib/domain/network.ts";
import { addressRows } from "./address-rows.ts";

const reserved = (address: string, note: string | null = null): AddressView => ({ address, holder: "reserved", instanceName: null, note });
const nic = (address: string): AddressView => ({ address, holder: "nic", instanceName: "web-3", note: null });
const rows = (addresses: readonly AddressView[], own: readonly string[] = []) => addressRows(addresses, new Set(own)).map(({ first, last, count }) => `${first} ${last} ${count}`);

describe("the list of addresses", () => {
  it("has a row for reserved ones that follow on each other, across a byte too", () => {
    expect(rows([reserved("10.0.0.254"), reserved("10.0.0.255"), reserved("10.0.1.0"), reserved("10.0.1.2")])).toEqual(["10.0.0.254 10.0.1.0 3", "10.0.1.2 10.0.1.2 1"]);
  });

  it("keeps apart what has another note, an instance, or is the network's own", () => {
    const list = [reserved("10.0.0.0", "network address"), reserved("10.0.0.1", "network address"), reserved("10.0.0.2", "printers"), reserved("10.0.0.3"), nic("10.0.0.4"), nic("10.0.0.5"), reserved("10.0.0.6")];
    expect(rows(list, ["10.0.0.0"])).toHaveLength(7);
  });
});
