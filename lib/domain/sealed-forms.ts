import { SHORTEST_SCRUBBED } from "./parameters.ts";

/** The alphabet difference between the two kinds of base64. */
function toUrlSafe(text: string): string {
  return text.replaceAll("+", "-").replaceAll("/", "_");
}

/** base64 as programs wrap it: a line feed after every `columns` characters. */
function wrap(text: string, columns: number): string {
  return text.replace(new RegExp(`(.{${String(columns)}})(?=.)`, "g"), "$1\n");
}

/**
 * What of a value's base64 doesn't depend on what stands before and after it, for the three places that its first byte can
 * have in a group of three; and the whole forms with and without padding.
 */
function base64Forms(bytes: Buffer): string[] {
  const forms: string[] = [];
  for (const before of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64").replace(/=+$/, "");
    // A character stands for six bits. Those that hold a bit of a neighbour differ from stream to stream.
    const first = Math.ceil((before * 8) / 6);
    const last = Math.floor(((before + bytes.length) * 8) / 6);
    forms.push(encoded.slice(first, last));
  }
  const whole = bytes.toString("base64");
  forms.push(whole, whole.replace(/=+$/, ""), wrap(whole, 76), wrap(whole, 64));
  return forms.flatMap((form) => [form, toUrlSafe(form)]);
}

function hexForms(bytes: Buffer): string[] {
  const hex = bytes.toString("hex");
  // xxd ends a line after 60 digits.
  return [hex, wrap(hex, 60)].flatMap((form) => [form, form.toUpperCase()]);
}

/** As shells print values with `set` and `export -p`: dash, busybox and the others in single quotes, bash also in double ones. */
function shellForms(value: string): string[] {
  return [value.replaceAll("'", "'\\''"), value.replaceAll("'", `'"'"'`), value.replace(/["$`\\]/g, "\\$&")];
}

/** What stands for each byte where the characters of `keep` stay as they are. */
function percentTable(keep: RegExp, upper: boolean, space = "%20"): string[] {
  return Array.from({ length: 256 }, (_, byte) => {
    const character = String.fromCharCode(byte);
    if (character === " ") return space;
    if (keep.test(character)) return character;
    const hex = byte.toString(16).padStart(2, "0");
    return `%${upper ? hex.toUpperCase() : hex}`;
  });
}

/** As browsers do it for a part, as the standard says, as Python does it, as browsers do it for a form, all but letters and digits. */
const PERCENT_TABLES = [true, false].flatMap((upper) => [
  percentTable(/[A-Za-z0-9\-_.!~*'()]/, upper),
  percentTable(/[A-Za-z0-9\-_.~]/, upper),
  percentTable(/[A-Za-z0-9\-_.~/]/, upper),
  percentTable(/[A-Za-z0-9\-_.*]/, upper, "+"),
  percentTable(/[A-Za-z0-9]/, upper),
  percentTable(/[A-Za-z0-9;,/?:@&=+$\-_.!~*'()#]/, upper),
]);

function* urlForms(bytes: Buffer): Generator<string, void, void> {
  for (const table of PERCENT_TABLES) {
    let text = "";
    for (const byte of bytes) text += table[byte] ?? "";
    yield text;
  }
}

/** JSON-escaped: as JavaScript does it, with escaped slashes, and with everything beyond ASCII escaped. */
function jsonForms(value: string): string[] {
  const plain = JSON.stringify(value).slice(1, -1);
  const escape = (upper: boolean): string =>
    plain.replace(/[\u007f-\uffff]/g, (character) => {
      const code = character.charCodeAt(0).toString(16).padStart(4, "0");
      return `\\u${upper ? code.toUpperCase() : code}`;
    });
  return [plain, escape(false), escape(true)].flatMap((form) => [form, form.replaceAll("/", "\\/")]);
}

/**
 * Every byte string in which a value may appear in what a guest says (design: "Scrubbing knows the bytes"): plain, base64
 * in its three alignments, hex, URL-encoded, JSON-escaped, quoted by a shell; line ends as a terminal writes them; and
 * each line of a value of several, because programs print line by line. Strings of fewer than SHORTEST_SCRUBBED bytes
 * aren't among them. One after the other, because a large value has megabytes of them.
 */
export function* sealedForms(value: string): Generator<Buffer, void, void> {
  const variants = [value, value.trim(), ...value.split(/\r?\n/).map((line) => line.trim())];
  for (const variant of new Set(variants)) {
    if (variant.length < SHORTEST_SCRUBBED) continue;
    const bytes = Buffer.from(variant, "utf8");
    for (const text of textForms(variant, bytes)) {
      const form = Buffer.from(text, "utf8");
      if (form.length < SHORTEST_SCRUBBED) continue;
      yield form;
      if (text.includes("\n")) yield Buffer.from(text.replace(/\r?\n/g, "\r\n"), "utf8");
    }
  }
}

function* textForms(value: string, bytes: Buffer): Generator<string, void, void> {
  yield value;
  const seen = new Set([value]);
  for (const forms of [jsonForms(value), shellForms(value), base64Forms(bytes), hexForms(bytes), urlForms(bytes)]) {
    for (const form of forms) {
      if (seen.has(form)) continue;
      seen.add(form);
      yield form;
    }
  }
}
