import { describe, expect, test } from "vitest";
import { parseSshPublicKey } from "./ssh-keys.ts";

/** As ssh-keygen made them. */
const ED25519 = "AAAAC3NzaC1lZDI1NTE5AAAAIBOOMBT3IRCyClaQsAjdkJYKCr77tVKaLYq8nlWFp8BZ";
const P256 = "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBDUBh2Ec84GNGDMEbN5tr9dxz/USKZAt//rmYN1RJMnk7MHF2UA5OGv9nWHjAJy8eUBVLXffbkZ3ZDZBvzTj98M=";
const P384 = "AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBCmHO4p44YFcbjmoyVdjO5TX4i/ORvLMBWLkrY/xOICajNX1xCn7jsaaMh/Ey/+WnlYwNgHP3o9Lob10M73TorlqBq1/D5QZk5fPSh4dOy0SEA6TC5gs3QjFo1ZGcr5yqg==";
const P521 = "AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBADk/yut99NH9id5HDis4Hmc8LJjTV+pd6kqsFBFgL7PhceoH3AUcf0VuneJpFA1InyyFFvYUcPqXJ7n3AcCjgtf+wFbHoQ7Dol7kbU9X1asgq8L2pUB3y++OxYESXkm8d1imStwercopoj4vD0ddzYKLHZ7w3gRozjLz+Dq6DBFa6L8ig==";
const RSA = "AAAAB3NzaC1yc2EAAAADAQABAAAAgQDYdXpLhDBxBZ4/Jr+/k7gB7q4GkcRLJNMP3axnc3mMiVdiFylX8ZmAhy4QHjza/bOBt4FaMDTbx6wZphoUn2fX+h2OJEqNrXhwk07jQEflfGrJW3XC3f7s2bwo69cS5V9laO5N1ZTRaWTY+E/Ot5V1j+4RRN+OIuGDp6pl61lBQw==";

function fields(key: string): Buffer[] {
  const bytes = Buffer.from(key, "base64");
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32BE(at)) found.push(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at)));
  return found;
}

function made(...parts: readonly (string | Buffer)[]): string {
  const sized = parts.map((part) => Buffer.from(part)).map((part) => [Buffer.from([part.length >> 24, part.length >> 16, part.length >> 8, part.length]), part]);
  return Buffer.concat(sized.flat()).toString("base64");
}

const [, ed25519 = Buffer.alloc(0)] = fields(ED25519);
const [, curve = Buffer.alloc(0), point = Buffer.alloc(0)] = fields(P256);
const [, exponent = Buffer.alloc(0), modulus = Buffer.alloc(0)] = fields(RSA);
const SK_ED25519 = "sk-ssh-ed25519@openssh.com";
const SK_ECDSA = "sk-ecdsa-sha2-nistp256@openssh.com";

describe("a public key", () => {
  test.each([
    ["ssh-ed25519", ED25519],
    ["ecdsa-sha2-nistp256", P256],
    ["ecdsa-sha2-nistp384", P384],
    ["ecdsa-sha2-nistp521", P521],
    ["ssh-rsa", RSA],
    [SK_ED25519, made(SK_ED25519, ed25519, "ssh:")],
    [SK_ECDSA, made(SK_ECDSA, curve, point, "ssh:work")],
  ])("of type %s is one when it is whole, and cut off nowhere, nor with anything behind it", (type, key) => {
    expect(parseSshPublicKey(`${type} ${key} ada@laptop`)).toEqual({ type, key, comment: "ada@laptop" });
    const bytes = Buffer.from(key, "base64");
    for (let length = 0; length < bytes.length; length += 1) expect(parseSshPublicKey(`${type} ${bytes.toString("base64", 0, length)}`)).toBeNull();
    expect(parseSshPublicKey(`${type} ${Buffer.concat([bytes, Buffer.from([0])]).toString("base64")}`)).toBeNull();
    expect(parseSshPublicKey(`${type} ${Buffer.concat([bytes, bytes]).toString("base64")}`)).toBeNull();
  });

  test.each([
    ["of one type that says another", "ssh-rsa", ED25519],
    ["of Edwards' curve with a byte too many", "ssh-ed25519", made("ssh-ed25519", Buffer.concat([ed25519, Buffer.from([1])]))],
    ["on another curve than its type's", "ecdsa-sha2-nistp256", made("ecdsa-sha2-nistp256", "nistp384", point)],
    ["with a point of another curve", "ecdsa-sha2-nistp384", made("ecdsa-sha2-nistp384", "nistp384", point)],
    ["with a compressed point", "ecdsa-sha2-nistp256", made("ecdsa-sha2-nistp256", curve, Buffer.concat([Buffer.from([2]), point.subarray(1)]))],
    ["of RSA with too few bits", "ssh-rsa", made("ssh-rsa", exponent, Buffer.concat([Buffer.from([0]), modulus.subarray(2)]))],
    ["of RSA with a negative modulus", "ssh-rsa", made("ssh-rsa", exponent, modulus.subarray(1))],
    ["of RSA with zeros before its modulus", "ssh-rsa", made("ssh-rsa", exponent, Buffer.concat([Buffer.from([0]), modulus]))],
    ["of RSA with an exponent of one", "ssh-rsa", made("ssh-rsa", Buffer.from([1]), modulus)],
    ["of a token without its application", SK_ED25519, made(SK_ED25519, ed25519)],
    ["of a token for something else", SK_ED25519, made(SK_ED25519, ed25519, "https://example.test")],
  ])("%s is none", (_, type, key) => {
    expect(parseSshPublicKey(`${type} ${key}`)).toBeNull();
  });
});
