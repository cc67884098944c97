import { describe, expect, test } from "vitest";
import { channelIp6, channelMac } from "./channel-address.ts";
import { isIn6, parseIp6, parseSubnet6 } from "./ip-subnets.ts";

describe("what follows from a channel's IPv4 address", () => {
  test.each([
    ["169.254.0.1", "02:5c:a9:fe:00:01", "fd00:ec2::a9fe:1"],
    ["169.254.255.254", "02:5c:a9:fe:ff:fe", "fd00:ec2::a9fe:fffe"],
    ["10.0.0.9", "02:5c:0a:00:00:09", "fd00:ec2::a00:9"],
    ["223.255.255.254", "02:5c:df:ff:ff:fe", "fd00:ec2::dfff:fffe"],
  ])("is the same each time: %s, %s, %s", (ip, mac, ip6) => {
    expect([channelMac(ip), channelIp6(ip)]).toEqual([mac, ip6]);
  });

  test("is in the network in which guests find their host", () => {
    const subnet = parseSubnet6("fd00:ec2::/64");
    const address = parseIp6(channelIp6("169.254.12.34"));
    expect(subnet !== null && address !== null && isIn6(subnet, address)).toBe(true);
  });

  test.each(["", "169.254.0", "169.254.0.256", "169.254.00.1", "fe80::1"])("is nothing where there is no such address: %s", (ip) => {
    expect(() => channelMac(ip)).toThrow(RangeError);
    expect(() => channelIp6(ip)).toThrow(RangeError);
  });
});
