import { describe, expect, it } from "vitest";
import { readStatement } from "./receipt.ts";

const receipt = (payload: string) => ({ installId: "i", instanceName: "web-3", keyId: "k", createdAt: "2026-11-20T05:00:00.000Z", envelope: { payloadType: "application/vnd.in-toto+json", payload, signatures: [] } });

describe("a receipt in the browser", () => {
  it("is read as UTF-8", () => expect(readStatement(receipt(Buffer.from(JSON.stringify({ subject: [{ name: "für" }] })).toString("base64")))).toMatchObject({ subject: [{ name: "für" }] }));

  it("that can't be read is none", () => expect([readStatement(receipt("%%")), readStatement(receipt("e30x"))]).toEqual([null, null]));
});
