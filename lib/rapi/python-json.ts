import { isSealed, REDACTED } from "#lib/domain/visibility.ts";

/**
 * Writes JSON as Python's json module does by default: a space after commas and colons, everything outside ASCII escaped.
 * Clients that compare bytes, or read the text line by line, see what Ganeti sends.
 */
export function dumpJson(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "string") return dumpString(value);
  if (typeof value === "number" || typeof value === "boolean") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => dumpJson(item)).join(", ")}]`;
  if (typeof value === "object") {
    // None gets here; should one, it stays sealed.
    if (isSealed(value)) return dumpString(REDACTED);
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([name, member]) => `${dumpString(name)}: ${dumpJson(member)}`).join(", ")}}`;
  }
  throw new TypeError(`A ${typeof value} has no form in JSON`);
}

function dumpString(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, (unit) => (unit === "\u007f" ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`));
}
