import { describe, expect, it } from "vitest";
import { addressKind, isAddressAllowed } from "./check-address.ts";

describe("an address of a source", () => {
  it.each(["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"])("is public: %s", (address) => {
    expect(addressKind(address)).toBe("public");
  });

  it.each(["127.0.0.1", "127.8.9.1", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "198.18.0.1", "::1", "fe80::1", "fc00::1", "fd12::1", "fec0::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:a9fe:a9fe", "64:ff9b::a00:1", "64:ff9b:1::1"])("is somebody's own: %s", (address) => {
    expect(addressKind(address)).toBe("private");
  });

  it.each(["0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "::", "ff02::1", "::127.0.0.1", "2002:7f00:1::", "2001::1", "2001:db8::1", "fe80::1%eth0", "not one", "", "1.2.3", "::ffff:1.2.3"])("is nobody's to fetch from: %s", (address) => {
    expect(addressKind(address)).toBe("unusable");
    expect(isAddressAllowed(address, "mirror", ["0.0.0.0/0", "::/0", "mirror"])).toBe(false);
  });

  it("is allowed by its host's name, by itself and by a range, and by nothing else", () => {
    for (const entry of ["mirror.example.test", "10.1.2.3", "10.0.0.0/8"]) expect(isAddressAllowed("10.1.2.3", "mirror.example.test", [entry]), entry).toBe(true);
    for (const entry of ["example.test", "10.1.2.4", "10.2.0.0/16", "fd00::/8"]) expect(isAddressAllowed("10.1.2.3", "mirror.example.test", [entry]), entry).toBe(false);
    expect(isAddressAllowed("fd00::5", "x", ["fd00::/8"])).toBe(true);
    expect(isAddressAllowed("fd00::5", "x", ["fd00::5"])).toBe(true);
    expect(isAddressAllowed("fd00::5", "x", ["fc00::/8", "0.0.0.0/0"])).toBe(false);
  });

  it("counts as the IPv4 address that it carries", () => {
    expect(isAddressAllowed("::ffff:10.1.2.3", "x", ["10.0.0.0/8"])).toBe(true);
    expect(isAddressAllowed("::ffff:10.1.2.3", "x", ["::ffff:0:0/96"])).toBe(false);
  });
});
