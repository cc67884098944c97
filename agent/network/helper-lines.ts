/** The lines between agent and helper (helper/PROTOCOL.md). */

/** Bytes of one line, its line feed included. */
export const HELPER_LINE_BYTES = 1_024;
const KEY = /^[a-z][a-z0-9]{0,31}$/;
const VALUE = /^[A-Za-z0-9._:/,-]*$/;

export type HelperValues = ReadonlyMap<string, string>;

export const HELPER_CODES = ["invalid", "unknown", "taken", "not_allowed", "failed"] as const;
export type HelperCode = (typeof HELPER_CODES)[number];

export type HelperLine =
  | { readonly kind: "ok"; readonly number: number; readonly values: HelperValues }
  | { readonly kind: "item"; readonly number: number; readonly values: HelperValues }
  | { readonly kind: "error"; readonly number: number; readonly code: HelperCode; readonly sentence: string }
  /** What nobody asked for. */
  | { readonly kind: "notice"; readonly what: string; readonly values: HelperValues };

/** One request. What is undefined is left out. @throws RangeError where a value can't stand in a line */
export function formatRequest(number: number, verb: string, values: Readonly<Record<string, string | undefined>>): string {
  const words = Object.entries(values).flatMap(([key, value]) => {
    if (value === undefined) return [];
    if (!KEY.test(key) || value === "" || !VALUE.test(value)) throw new RangeError(`the value of ${key} can't be sent to the helper`);
    return [`${key}=${value}`];
  });
  const line = [String(number), verb, ...words].join(" ");
  if (Buffer.byteLength(line) >= HELPER_LINE_BYTES) throw new RangeError("the request is too long for the helper");
  return `${line}\n`;
}

/** A line of the helper's without its line feed; null where it isn't one. */
export function parseHelperLine(line: string): HelperLine | null {
  const match = /^(\d{1,15}) ([a-z_]+)(?: (.*))?$/.exec(line);
  const number = Number(match?.[1] ?? Number.NaN);
  const word = match?.[2];
  const rest = match?.[3] ?? "";
  if (word === undefined || Number.isNaN(number)) return null;
  if (number !== 0 && word === "error") {
    const space = rest.indexOf(" ");
    const name = space < 0 ? rest : rest.slice(0, space);
    const code = HELPER_CODES.find((known) => known === name);
    return code === undefined ? null : { kind: "error", number, code, sentence: space < 0 ? "" : rest.slice(space + 1) };
  }
  const values = parseValues(rest);
  if (values === null) return null;
  if (number === 0) return { kind: "notice", what: word, values };
  return word === "ok" || word === "item" ? { kind: word, number, values } : null;
}

function parseValues(text: string): HelperValues | null {
  const values = new Map<string, string>();
  for (const word of text.split(" ")) {
    if (word === "") continue;
    const equals = word.indexOf("=");
    const [key, value] = [word.slice(0, equals), word.slice(equals + 1)];
    if (equals < 0 || !KEY.test(key) || !VALUE.test(value) || values.has(key)) return null;
    values.set(key, value);
  }
  return values;
}
