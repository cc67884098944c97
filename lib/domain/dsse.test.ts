import { generateKeyPairSync, sign } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openDsse, preAuthenticationEncoding, publicKeyId, readPublicKeys, STATEMENT_PAYLOAD } from "./dsse.ts";
import { RECEIPT_PREDICATE, STATEMENT_TYPE } from "./receipt-statement.ts";
import type { DsseEnvelope } from "./receipt-views.ts";
import { verifyReceipt } from "./verify-receipt.ts";

const mine = generateKeyPairSync("ed25519");
const others = generateKeyPairSync("ed25519");
const pem = mine.publicKey.export({ type: "spki", format: "pem" }).toString();

const STATEMENT = {
  _type: STATEMENT_TYPE,
  subject: [{ name: "install/1", digest: { sha256: "ab" } }],
  predicateType: RECEIPT_PREDICATE,
  predicate: {
    cluster: { uuid: "u", name: "c" },
    install: { id: "1", operation: "create", node: "n", requester: "r" },
    instance: { id: "2", name: "web-1" },
    outcome: { state: "done", completion: "reported", confirmed: null },
    times: { ended: "2026-01-01T00:00:00.000Z" },
  },
};

function envelopeOf(statement: unknown, { payloadType = STATEMENT_PAYLOAD, keys = mine, keyid = publicKeyId(keys.publicKey) } = {}): DsseEnvelope {
  const payload = Buffer.from(JSON.stringify(statement));
  const sig = sign(null, preAuthenticationEncoding(payloadType, payload), keys.privateKey).toString("base64");
  return { payloadType, payload: payload.toString("base64"), signatures: [{ keyid, sig }] };
}
const verified = (envelope: unknown, keys = [mine.publicKey]) => verifyReceipt(JSON.stringify(envelope), keys);

describe("what is signed", () => {
  it("is encoded as the specification's own example", () => {
    expect(preAuthenticationEncoding("http://example.com/HelloWorld", Buffer.from("hello world")).toString()).toBe("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  });

  it("counts bytes, not characters", () => {
    expect(preAuthenticationEncoding("ü", Buffer.from("ö")).toString()).toBe("DSSEv1 2 ü 2 ö");
  });
});

describe("a receipt", () => {
  it("is good with the key that signed it, whatever its envelope calls that", () => {
    expect(verified(envelopeOf(STATEMENT))).toMatchObject({ ok: true, keyId: publicKeyId(mine.publicKey), statement: { predicate: { instance: { name: "web-1" } } } });
    expect(verified(envelopeOf(STATEMENT, { keyid: "another" }), [others.publicKey, mine.publicKey])).toMatchObject({ ok: true });
  });

  it("may be in the API's answer, as the console downloads it", () => {
    const answer = { installId: "x", instanceName: "not-signed", envelope: envelopeOf(STATEMENT) };
    expect(verified(answer)).toMatchObject({ ok: true, statement: { predicate: { instance: { name: "web-1" } } } });
    expect(verified({ ...answer, envelope: envelopeOf(STATEMENT, { keys: others }) })).toEqual({ ok: false, problem: "It isn't signed by any of the keys that are known." });
    expect(verified({ envelope: answer })).toEqual({ ok: false, problem: "It is no DSSE envelope." });
  });

  it("may say more than this release knows", () => {
    expect(verified(envelopeOf({ ...STATEMENT, predicate: { ...STATEMENT.predicate, later: true } }))).toMatchObject({ ok: true });
  });

  it.each([
    ["with another key", envelopeOf(STATEMENT, { keys: others }), "It isn't signed by any of the keys that are known."],
    ["changed afterwards", { ...envelopeOf(STATEMENT), payload: Buffer.from(JSON.stringify({ ...STATEMENT, subject: [{ name: "x", digest: { sha256: "cd" } }] })).toString("base64") }, "The signature doesn't fit: what it signed was changed."],
    ["of another type with a good signature", envelopeOf(STATEMENT, { payloadType: "text/plain" }), "What it signs is no in-toto statement."],
    ["whose type was changed", { ...envelopeOf(STATEMENT, { payloadType: "text/plain" }), payloadType: STATEMENT_PAYLOAD }, "The signature doesn't fit: what it signed was changed."],
    ["with another predicate", envelopeOf({ ...STATEMENT, predicateType: "https://slsa.dev/provenance/v1" }), "What it signs is an in-toto statement, and no receipt of an install."],
    ["without a signature", { ...envelopeOf(STATEMENT), signatures: [] }, "It is no DSSE envelope."],
    ["that is something else", { hello: 1 }, "It is no DSSE envelope."],
  ])("is not good %s", (_what, envelope, problem) => {
    expect(verified(envelope)).toEqual({ ok: false, problem });
  });

  it("is not good with a bit turned anywhere in payload or signature", () => {
    const envelope = envelopeOf(STATEMENT);
    fc.assert(
      fc.property(fc.constantFrom("payload" as const, "sig" as const), fc.nat(), fc.integer({ min: 0, max: 7 }), (where, at, bit) => {
        const bytes = Buffer.from(where === "payload" ? envelope.payload : (envelope.signatures[0]?.sig ?? ""), "base64");
        const index = at % bytes.length;
        bytes.writeUInt8(bytes.readUInt8(index) ^ (1 << bit), index);
        const changed = where === "payload" ? { ...envelope, payload: bytes.toString("base64") } : { ...envelope, signatures: [{ keyid: "", sig: bytes.toString("base64") }] };
        expect(openDsse(changed, [mine.publicKey]).ok).toBe(false);
      }),
    );
  });
});

describe("public keys in a file", () => {
  it("may be several, with remarks around them", () => {
    expect(readPublicKeys(`# the first\n${pem}\n# the second\n${others.publicKey.export({ type: "spki", format: "pem" }).toString()}`).map(publicKeyId)).toEqual([publicKeyId(mine.publicKey), publicKeyId(others.publicKey)]);
  });

  it("must be there, readable, and Ed25519", () => {
    expect(() => readPublicKeys("nothing")).toThrow("holds no public key in PEM");
    expect(() => readPublicKeys("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----")).toThrow("can't be read");
    expect(() => readPublicKeys(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ type: "spki", format: "pem" }).toString())).toThrow("isn't Ed25519");
    expect(() => readPublicKeys(mine.privateKey.export({ type: "pkcs8", format: "pem" }).toString())).toThrow("holds no public key");
  });
});
