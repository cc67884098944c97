import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSlipwayError } from "#lib/domain/errors.ts";
import { readQcow2Header } from "./qcow2-header.ts";

function header(): Buffer {
  const head = Buffer.alloc(512);
  head.writeUInt32BE(0x51_46_49_fb, 0);
  head.writeUInt32BE(3, 4);
  head.writeUInt32BE(16, 20);
  head.writeBigUInt64BE(1_048_576n, 24);
  head.writeUInt32BE(104, 100);
  return head;
}

function changed(change: (head: Buffer) => void): () => unknown {
  const head = header();
  change(head);
  return () => readQcow2Header(head, "image.location");
}

describe("a qcow2 header", () => {
  it("says how large the disk is", () => {
    expect(readQcow2Header(header(), "image.location")).toEqual({ virtualBytes: 1_048_576 });
  });

  it.each<[string, (head: Buffer) => void]>([
    ["has a backing file", (head) => head.writeBigUInt64BE(200n, 8)],
    ["has a backing file", (head) => head.writeUInt32BE(5, 16)],
    ["is encrypted", (head) => head.writeUInt32BE(2, 32)],
    ["has an external data file", (head) => head.writeBigUInt64BE(4n, 72)],
    ["is marked as damaged", (head) => head.writeBigUInt64BE(2n, 72)],
    ["has features that aren't known", (head) => head.writeBigUInt64BE(1n << 40n, 72)],
    ["has an external data file", (head) => head.writeUInt32BE(0x44_41_54_41, 104)],
    ["is encrypted", (head) => head.writeUInt32BE(0x05_37_be_77, 104)],
    ["says of itself that it is a disk of an absurd size", (head) => head.writeBigUInt64BE(2n ** 50n, 24)],
    ["says of itself that it is a disk of an absurd size", (head) => head.writeBigUInt64BE(0n, 24)],
    ["is of a version", (head) => head.writeUInt32BE(1, 4)],
    ["has clusters", (head) => head.writeUInt32BE(60, 20)],
    ["has a header that doesn't end", (head) => head.fill(1, 104)],
  ])("%s", (why, change) => {
    expect(changed(change)).toThrow(`The image ${why}`);
  });

  it("of any bytes is read or refused, and nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, isMagic) => {
        const head = Buffer.from(bytes);
        if (isMagic) header().copy(head, 0, 0, 8);
        try {
          return readQcow2Header(head, "x").virtualBytes > 0;
        } catch (error) {
          return isSlipwayError(error) && error.code === "image_refused";
        }
      }),
    );
  });
});
