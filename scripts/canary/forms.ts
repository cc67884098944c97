/**
 * The forms in which a planted value could leak (design: "How it is proven"): plain, base64 in all three alignments, hex,
 * URL-encoded, JSON-escaped. Written apart from lib/domain/scrub.ts on purpose: a test that shares the code of what it tests
 * shares its mistakes.
 */

export interface Form {
  readonly form: "plain" | "base64" | "base64url" | "hex" | "HEX" | "url" | "json";
  readonly bytes: Buffer;
}

/**
 * What of a value's base64 stays the same wherever in a longer text it stands: for each alignment the characters that only
 * its own bytes decide.
 */
function base64Cores(value: Buffer): string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), value]).toString("base64").replace(/=+$/, "");
    const first = Math.ceil((shift * 8) / 6);
    const last = Math.floor(((shift + value.length) * 8) / 6);
    return encoded.slice(first, last);
  });
}

function percentEncode(value: Buffer): string {
  return [...value].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}

/** Every form of one value. Values of less than eight bytes would be found by chance. */
export function formsOf(value: string): Form[] {
  const bytes = Buffer.from(value, "utf8");
  if (bytes.length < 8) throw new RangeError("a canary has at least eight bytes");
  const cores = base64Cores(bytes);
  const forms: Form[] = [
    { form: "plain", bytes },
    ...cores.map((core): Form => ({ form: "base64", bytes: Buffer.from(core) })),
    ...cores.map((core): Form => ({ form: "base64url", bytes: Buffer.from(core.replaceAll("+", "-").replaceAll("/", "_")) })),
    { form: "hex", bytes: Buffer.from(bytes.toString("hex")) },
    { form: "HEX", bytes: Buffer.from(bytes.toString("hex").toUpperCase()) },
    { form: "url", bytes: Buffer.from(encodeURIComponent(value)) },
    { form: "url", bytes: Buffer.from(percentEncode(bytes)) },
    { form: "json", bytes: Buffer.from(JSON.stringify(value).slice(1, -1)) },
  ];
  const seen = new Set<string>();
  return forms.filter(({ bytes: needle }) => {
    const key = needle.toString("latin1");
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
