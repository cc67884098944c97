import { describe, expect, test } from "vitest";
import { addressAt, formatIp4, formatSubnet4, isIn6, offsetIn, overlaps, parseIp4, parseIp6, parseSubnet4, parseSubnet6 } from "./ip-subnets.ts";

function subnet(text: string) {
  const parsed = parseSubnet4(text);
  if (parsed === null) throw new Error("not a subnet");
  return parsed;
}

describe("an IPv4 address", () => {
  test.each(["0.0.0.0", "10.1.2.3", "192.0.2.255", "255.255.255.255"])("is read and written the same: %s", (text) => {
    expect(formatIp4(parseIp4(text) ?? -1)).toBe(text);
  });

  test.each(["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.04", "01.2.3.4", "1.2.3.-4", " 1.2.3.4", "1.2.3.4\n", "0x1.2.3.4", "::1"])("isn't %j", (text) => {
    expect(parseIp4(text)).toBeNull();
  });
});

describe("an IPv4 subnet", () => {
  test("has a first address, a size, and an address at each distance", () => {
    expect(subnet("192.0.2.0/24")).toEqual({ first: 0xc0000200, bits: 24, size: 256 });
    expect(addressAt("169.254.0.0/16", 43_518)).toBe("169.254.169.254");
    expect(addressAt("10.0.0.0/8", 16_777_215)).toBe("10.255.255.255");
    expect(offsetIn(subnet("192.0.2.128/25"), "192.0.2.130")).toBe(2);
  });

  test("hasn't what is beside it", () => {
    for (const address of ["192.0.2.127", "192.0.3.0", "no", "::1"]) expect(offsetIn(subnet("192.0.2.128/25"), address)).toBeNull();
  });

  test("leaves out the bits of the host's part", () => {
    expect(formatSubnet4(subnet("192.0.2.77/26"))).toBe("192.0.2.64/26");
  });

  test.each(["192.0.2.0", "192.0.2.0/33", "192.0.2.0/", "192.0.2/24", "192.0.2.0/24 ", "192.0.2.0/024", "2001:db8::/64"])("isn't %j", (text) => {
    expect(parseSubnet4(text)).toBeNull();
  });

  test("shares addresses with one in which it lies, and with none beside it", () => {
    expect(overlaps(subnet("10.0.0.0/8"), subnet("10.20.0.0/16"))).toBe(true);
    expect(overlaps(subnet("10.20.0.0/16"), subnet("10.0.0.0/8"))).toBe(true);
    expect(overlaps(subnet("10.0.0.0/9"), subnet("10.128.0.0/9"))).toBe(false);
  });
});

describe("an IPv6 address", () => {
  test.each([
    ["::", 0n],
    ["::1", 1n],
    ["1::", 1n << 112n],
    ["2001:db8::2:1", 0x20010db8_00000000_00000000_00020001n],
    ["fe80:0:0:0:0:0:0:A", 0xfe80_0000_0000_0000_0000_0000_0000_000an],
  ])("is read: %s", (text, value) => {
    expect(parseIp6(text)).toBe(value);
  });

  test.each(["", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "12345::", "g::", "::1%eth0", "::ffff:1.2.3.4", "10.0.0.1"])("isn't %j", (text) => {
    expect(parseIp6(text)).toBeNull();
  });

  test("is in its subnet and in no other", () => {
    const network = parseSubnet6("2001:db8:1::/48");
    if (network === null) throw new Error("not a subnet");
    expect(isIn6(network, parseIp6("2001:db8:1:ffff::1") ?? 0n)).toBe(true);
    expect(isIn6(network, parseIp6("2001:db8:2::1") ?? 0n)).toBe(false);
    expect(parseSubnet6("2001:db8::/129")).toBeNull();
  });
});
