import type { Random } from "./random.ts";

const TELLING = [0, 0x0a, 0x20, 0x22, 0x2e, 0x2f, 0x30, 0x37, 0x39, 0x5c, 0x7f, 0x80, 0xc0, 0xfe, 0xff] as const;
const LARGEST = 4 * 1_048_576;

/** A few changes anywhere: bits, bytes, pieces left out, doubled, put in or cut off. */
export function mutateBytes(random: Random, original: Buffer): Buffer {
  let bytes = Buffer.from(original);
  for (let count = 1 + random.int(4); count > 0; count -= 1) bytes = Buffer.from(change(random, bytes)).subarray(0, LARGEST);
  return bytes;
}

function change(random: Random, bytes: Buffer): Buffer {
  const at = random.int(bytes.length);
  const end = Math.min(bytes.length, at + 1 + random.int(random.pick([4, 64, 1_024])));
  switch (random.int(7)) {
    case 0:
      if (bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(8));
      return bytes;
    case 1:
      if (bytes.length > 0) bytes[at] = random.pick(TELLING);
      return bytes;
    case 2:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    case 3:
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
    case 4:
      return Buffer.concat([bytes.subarray(0, at), random.bytes(random.int(32)), bytes.subarray(at)]);
    case 5:
      return bytes.subarray(0, at);
    default:
      return Buffer.concat([bytes, random.oneIn(2) ? Buffer.alloc(random.int(2_048)) : random.bytes(random.int(64))]);
  }
}
