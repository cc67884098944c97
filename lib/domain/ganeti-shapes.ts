/** Reading values of unknown shape out of a Ganeti configuration: what isn't as it should be is null, never an exception and never repeated. */

export type Fields = Readonly<Record<string, unknown>>;

/** Ganeti's own ids. A text that is none isn't shown, since anything could stand there. */
export const GANETI_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** `name` or `name+variant`; an empty variant is none. */
export const GANETI_OS_TYPE = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}(\+[a-zA-Z0-9_.-]{0,64})?$/;

/** What can't be brought from a Ganeti cluster, or was here before. Names and places, never a value of a parameter. */
export interface Remark {
  readonly subject: "cluster" | "node" | "instance" | "definition" | "default";
  /** Null where it has no name that can be shown. */
  readonly name: string | null;
  /** The place in the file: `instances.<uuid>.nics[0].mac`; a folder's name for a definition. */
  readonly path: string;
  /** A sentence that is the same for everything that it happens to. */
  readonly reason: string;
  /** Names that go with it, or a count. */
  readonly detail: string | null;
  /** `all`: the object isn't brought; `part`: it is, without this. */
  readonly lost: "all" | "part";
}

/** An object of the file; null: something else. */
export function fieldsOf(value: unknown): Fields | null {
  // What JSON has made and is neither a list nor null is an object with names.
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

/** A field of its own: `constructor` and its like, which every object has, are none. */
export function field(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** A map of the file, empty where it is left out or null; null: it is something else. */
export function optionalFields(fields: Fields, name: string): Fields | null {
  const value = field(fields, name);
  return value === undefined || value === null ? {} : fieldsOf(value);
}

/** A list of the file, empty where it is left out or null; null: it is something else, or has more than `max` parts. */
export function optionalList(fields: Fields, name: string, max: number): readonly unknown[] | null {
  const value = field(fields, name);
  if (value === undefined || value === null) return [];
  return Array.isArray(value) && value.length <= max ? value : null;
}

/** A whole number within limits. */
export function wholeNumber(value: unknown, min: number, max: number): number | null {
  return typeof value === "number" && Number.isInteger(value) && value >= min && value <= max ? value : null;
}

/** A text that matches a pattern, which limits its length. */
export function matching(value: unknown, pattern: RegExp): string | null {
  return typeof value === "string" && pattern.test(value) ? value : null;
}

/** How a key of the file is written in a path: ids as they are, other keys by their number. */
export function pathOf(collection: string, key: string, index: number): string {
  return GANETI_UUID.test(key) ? `${collection}.${key}` : `${collection}[${index}]`;
}
