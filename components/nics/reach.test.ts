import { describe, expect, it } from "vitest";
import { knownHostsLine, sshCommand, waysTo, wayText } from "./reach.ts";

const user = { mode: "user", ip: null, reach: [{ guestPort: 22, host: "127.0.0.1", port: 40022 }, { guestPort: 80, host: "127.0.0.1", port: 40080 }] };
const bridged = { mode: "bridged", ip: "192.0.2.7", reach: [] };
const key = { type: "ssh-ed25519", key: "AAAA", fingerprint: "SHA256:x" } as const;

describe("the way to an instance", () => {
  it("is a forwarded port on its node, or its address", () => {
    expect(waysTo(user).map((way) => [sshCommand(way), wayText(way), way.onNode])).toEqual([["ssh -p 40022 root@127.0.0.1", "127.0.0.1:40022", true], [null, "127.0.0.1:40080", true]]);
    expect(waysTo(bridged).map((way) => [sshCommand(way), way.onNode])).toEqual([["ssh root@192.0.2.7", false]]);
    expect(waysTo({ ...bridged, ip: null })).toEqual([]);
    expect(waysTo({ ...bridged, ip: "2001:db8::7" }).map(wayText)).toEqual(["[2001:db8::7]:22"]);
  });

  it("is known by its host key under each of its names", () => {
    expect(knownHostsLine(key, [user, bridged], "web-3")).toBe("[127.0.0.1]:40022,192.0.2.7 ssh-ed25519 AAAA");
    expect(knownHostsLine(key, [{ ...user, reach: [] }], "web-3")).toBe("web-3 ssh-ed25519 AAAA");
  });
});
