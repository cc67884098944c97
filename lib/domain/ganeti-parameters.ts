/**
 * OS parameters as a Ganeti configuration has them: a map of public ones and a map of private ones. A private value is a
 * `Private` object from here on; secret ones are never in the file.
 */
import { field, fieldsOf } from "./ganeti-shapes.ts";
import type { Fields } from "./ganeti-shapes.ts";
import { isMask } from "./masks.ts";
import { PARAMETER_LIMITS, PARAMETER_NAME } from "./parameters.ts";
import type { Private } from "./visibility.ts";
import { privateValue } from "./visibility.ts";

export type GanetiParameter =
  | { readonly name: string; readonly visibility: "public"; readonly value: string }
  | { readonly name: string; readonly visibility: "private"; readonly value: Private<string> };

/** What can't be read of a place's parameters: the reason, and the name where it is one. */
export interface ParameterLoss {
  readonly name: string | null;
  readonly reason: string;
}

export interface GanetiParameters {
  /** By name, each once. */
  readonly parameters: readonly GanetiParameter[];
  readonly losses: readonly ParameterLoss[];
}

/** Both maps of one place. A name in both is private. */
export function readGanetiParameters(publicMap: unknown, privateMap: unknown): GanetiParameters {
  const read = new Map<string, GanetiParameter>();
  const losses: ParameterLoss[] = [];
  let total = 0;
  // The private map first: a name that is in both keeps the higher class.
  for (const [visibility, map] of [["private", privateMap], ["public", publicMap]] as const) {
    if (map === undefined || map === null) continue;
    const fields = fieldsOf(map);
    if (fields === null) {
      losses.push({ name: null, reason: `Its ${visibility} OS parameters are not a map.` });
      continue;
    }
    for (const name of Object.keys(fields)) {
      const found = readOne(fields, name, visibility);
      if (typeof found === "string") {
        losses.push({ name: PARAMETER_NAME.test(name) ? name : null, reason: found });
      } else if (read.has(name)) {
        losses.push({ name, reason: "An OS parameter is there in two classes; the private value is brought." });
      } else if (read.size >= PARAMETER_LIMITS.count || total + found.bytes > PARAMETER_LIMITS.totalBytes) {
        losses.push({ name, reason: `It has more than ${PARAMETER_LIMITS.count} OS parameters, or more than ${PARAMETER_LIMITS.totalBytes} bytes of them.` });
      } else {
        total += found.bytes;
        read.set(name, found.parameter);
      }
    }
  }
  return { parameters: [...read.values()], losses };
}

/** A parameter and how large its value is, or why it can't be brought. */
function readOne(fields: Fields, name: string, visibility: "public" | "private"): { readonly parameter: GanetiParameter; readonly bytes: number } | string {
  if (!PARAMETER_NAME.test(name)) return "An OS parameter has a name that can't be used: letters, digits, - and _, a letter first, at most 64.";
  const text = asText(field(fields, name));
  if (text === null) return "The value of an OS parameter is neither a text nor a whole number.";
  const bytes = Buffer.byteLength(text);
  if (bytes > PARAMETER_LIMITS.valueBytes) return `The value of an OS parameter has more than ${PARAMETER_LIMITS.valueBytes} bytes.`;
  if (text.includes("\0") || !text.isWellFormed()) return "The value of an OS parameter holds a NUL character, or half of one.";
  if (visibility === "public") return { parameter: { name, visibility, value: text }, bytes };
  if (isMask(text)) return "The value of a private OS parameter is a mask, not a value.";
  return { parameter: { name, visibility, value: privateValue(text) }, bytes };
}

/** Ganeti gives a number to scripts as its digits. */
function asText(value: unknown): string | null {
  if (typeof value === "string") return value;
  return Number.isSafeInteger(value) ? String(value) : null;
}
