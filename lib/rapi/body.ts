import type { z } from "zod";
import { SlipwayError } from "#lib/domain/errors.ts";
import { parseWith } from "#lib/http/parse.ts";
import { RapiError } from "./errors.ts";

/** Python's name for the type of a JSON value: Ganeti's messages have it. */
function pythonType(value: unknown): string {
  if (value === null || value === undefined) return "NoneType";
  if (Array.isArray(value)) return "list";
  switch (typeof value) {
    case "string":
      return "str";
    case "boolean":
      return "bool";
    case "number":
      return Number.isInteger(value) ? "int" : "float";
    default:
      return "dict";
  }
}

export type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The body as an object. @throws RapiError 400, in Ganeti's words. */
export function requireObject(body: unknown): JsonObject {
  if (isObject(body)) return body;
  throw new RapiError(400, `Body contents: Type is '${pythonType(body)}', but 'dict' is expected`);
}

/** Gives a field its other name. Both at once is refused. */
export function renameField(body: JsonObject, from: string, to: string): JsonObject {
  if (!(from in body)) return body;
  if (to in body) throw new RapiError(400, `Parameter '${from}' was renamed to '${to}', but both are specified`);
  const { [from]: value, ...rest } = body;
  return { ...rest, [to]: value };
}

/** An opcode under its two names: the class for unknown fields, the id for wrong ones. */
export interface OpcodeName {
  readonly className: string;
  readonly id: string;
}

/**
 * Checks the fields of a body against those of an opcode.
 *
 * @throws RapiError 400 as Ganeti says it: an unknown field and a field that isn't valid by name, and what it held not at all.
 */
export function parseFields<Schema extends z.ZodType>(opcode: OpcodeName, known: ReadonlySet<string>, schema: Schema, body: JsonObject): z.output<Schema> {
  const unknown = Object.keys(body).find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new RapiError(400, `Invalid body parameters: Object ${opcode.className} doesn't support the parameter '${unknown.slice(0, 80)}'`);
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw invalidField(opcode, String(parsed.error.issues[0]?.path[0] ?? ""));
}

/** A field that isn't valid: Python's way of printing the error's parts. */
export function invalidField(opcode: OpcodeName, field: string): RapiError {
  return new RapiError(400, `Invalid body parameters: ("Parameter '${opcode.id}.${field}' fails validation", 'wrong_input')`);
}

/** A field that Ganeti has and that we can't carry out: said, where leaving it out would be another request. */
export function unsupportedField(field: string, reason: string): RapiError {
  return new RapiError(400, `Invalid body parameters: Parameter '${field}' can't be used here: ${reason}`);
}

/** Names of our own fields as the remote API's clients know them. */
const GANETI_NAMES: readonly (readonly [RegExp, string])[] = [
  [/^parameters\.public\b/, "osparams"],
  [/^parameters\.private\b/, "osparams_private"],
  [/^parameters\.secret\b/, "osparams_secret"],
  [/^image\.location\b/, "os_image"],
  [/^installParameters\b/, "install_params"],
  [/^package\.username\b/, "personalization_package_user"],
  [/^package\.password\b/, "personalization_package_password"],
  [/^package\.url\b/, "personalization_package"],
  [/^memoryMib$/, "beparams.maxmem"],
  [/^vcpus$/, "beparams.vcpus"],
  [/\bsizeMib$/, "size"],
  [/^osType$/, "os_type"],
  [/^name$/, "instance_name"],
  [/^node$/, "pnode"],
];

/** Turns a field of ours in a message into the one that the client sent. */
export function ganetiField(field: string): string {
  return GANETI_NAMES.reduce((text, [pattern, name]) => text.replace(pattern, name), field);
}

/** Checks what was made of a request against the operation's own schema, and says what is wrong in the client's terms. */
export function parseOwn<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  try {
    return parseWith(schema, value);
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.field === undefined) throw error;
    const problem = error.message.slice(error.message.indexOf(": ") + 2);
    throw new RapiError(400, `Invalid body parameters: ${ganetiField(error.field)}: ${problem}`);
  }
}
