import { z } from "zod";

/** A field of a query or body as a table shows it. */
export interface FieldRow {
  /** `disks[].sizeMib` */
  readonly name: string;
  /** `required`, `required with …`, `only with …`, `one of these`, or empty. */
  readonly need: string;
  /** Type, bounds and default, in Markdown. */
  readonly type: string;
}

/** What this module reads of a JSON schema. */
interface JsonSchema {
  /** A list where it is one of several. */
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly default?: unknown;
}

/** Longer ones say more to a machine than to a reader. */
const SHOWN_PATTERN = 48;
const MOST_DEPTH = 6;

/** The fields of an object as it has to be sent, those of objects within it by their path. */
export function describeFields(schema: z.ZodType): FieldRow[] {
  // zod's own type for a JSON schema is an open record; of it only the members above are read.
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
  const forms = json.oneOf ?? [json];
  return forms.length === 1 ? forms.flatMap((form) => fieldsOf(form, "", 0)) : together(forms);
}

/** Of a body that has several forms: a field is what it is in each, and says in which ones it is where it isn't in all. */
function together(forms: readonly JsonSchema[]): FieldRow[] {
  const rows = forms.map((form) => ({ name: nameOfForm(form, forms), fields: fieldsOf(form, "", 0) }));
  const names = [...new Set(rows.flatMap(({ fields }) => fields.map(({ name }) => name)))];
  return names.map((name) => {
    const found = rows.flatMap(({ name: form, fields }) => fields.filter((field) => field.name === name).map((field) => ({ ...field, form })));
    const required = found.filter(({ need }) => need === "required");
    const isEverywhere = found.length === forms.length;
    const need = required.length === forms.length ? "required" : required.length > 0 ? `required with ${required.map(({ form }) => form).join(", ")}` : isEverywhere ? "" : `only with ${found.map(({ form }) => form).join(", ")}`;
    return { name, need, type: [...new Set(found.map(({ type }) => type))].join(" or ") };
  });
}

/** By the field that has another fixed value in each form: `trusted: true`. @throws where there is none */
function nameOfForm(form: JsonSchema, forms: readonly JsonSchema[]): string {
  const key = Object.keys(form.properties ?? {}).find((each) => forms.every(({ properties }) => properties?.[each]?.const !== undefined));
  if (key === undefined) throw new Error("there is no field by which the forms of a body can be told apart");
  return `\`${key}: ${JSON.stringify(form.properties?.[key]?.const)}\``;
}

/** @param parent an object that may be left out, with which its fields are needed; null: it has to be sent */
function fieldsOf(schema: JsonSchema, prefix: string, depth: number, parent: string | null = null): FieldRow[] {
  if (depth > MOST_DEPTH) throw new Error(`${prefix} is nested too deeply for a table`);
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([key, field]) => {
    const name = `${prefix}${key}`;
    const isRequired = required.has(key) && field.default === undefined;
    const need = parent === null ? "required" : `required with \`${parent}\``;
    return [{ name, need: isRequired ? need : "", type: typeOf(field) }, ...innerFields(field, name, depth + 1, isRequired ? parent : name)];
  });
}

function innerFields(field: JsonSchema, name: string, depth: number, parent: string | null): FieldRow[] {
  if (field.type === "array" && field.items !== undefined) return fieldsOf(field.items, `${name}[].`, depth, parent);
  const forms = objectsOf(field);
  const rows = forms.flatMap((form) => fieldsOf(form, `${name}.`, depth, parent));
  return forms.length > 1 ? rows.map((row) => ({ ...row, need: "one of these" })) : rows;
}

/** The objects that a field may be: of one that may be null that alone. */
function objectsOf(schema: JsonSchema): readonly JsonSchema[] {
  return schema.anyOf === undefined ? [schema] : schema.anyOf.flatMap(objectsOf).filter(({ properties }) => properties !== undefined);
}

function typeOf(schema: JsonSchema): string {
  const fallback = schema.default === undefined || isEmptyObject(schema.default) ? "" : `; \`${JSON.stringify(schema.default)}\` if left out`;
  return `${plainType(schema)}${fallback}`;
}

function isList(type: JsonSchema["type"]): type is readonly string[] {
  return Array.isArray(type);
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
}

function plainType(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(", ");
  if (schema.const !== undefined) return `\`${typeof schema.const === "string" ? schema.const : JSON.stringify(schema.const)}\``;
  const { type, anyOf } = schema;
  if (anyOf !== undefined) return [...new Set(anyOf.map(plainType))].join(" or ");
  if (isList(type)) return type.map((one) => plainType({ ...schema, type: one })).join(" or ");
  switch (type) {
    case "string":
      return textType(schema);
    case "integer":
    case "number":
      return `${type === "integer" ? "whole number" : "number"}${range(schema.minimum, schema.maximum)}`;
    case "boolean":
      return "`true` or `false`";
    case "array":
      return `list of ${schema.items?.properties === undefined ? plainType(schema.items ?? {}) : "objects"}${range(undefined, schema.maxItems)}`;
    case "object":
      return typeof schema.additionalProperties === "object" && schema.properties === undefined ? `names with ${plainType(schema.additionalProperties)} each` : "object";
    case "null":
      return "null";
    default:
      return "any";
  }
}

function textType({ format, pattern, minLength, maxLength, allOf }: JsonSchema): string {
  if (format === "uri") return `address${range(minLength, maxLength)}`;
  if (format !== undefined) return format;
  const shown = pattern ?? allOf?.find((part) => part.pattern !== undefined)?.pattern;
  const digits = /^\^\\d\{(\d+),(\d+)\}\$$/.exec(shown ?? "");
  if (digits !== null) return `${digits[1] ?? ""} to ${digits[2] ?? ""} digits`;
  // A bar would end the cell.
  const form = shown === undefined || shown.length > SHOWN_PATTERN ? "" : ` like \`${shown.replaceAll("|", "\\|")}\``;
  return `text${form}${range(minLength, maxLength)}`;
}

function range(least: number | undefined, most: number | undefined): string {
  const known = (bound: number | undefined): bound is number => bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
  if (known(least) && known(most)) return `, ${least} to ${most}`;
  if (known(most)) return `, at most ${most}`;
  return known(least) ? `, at least ${least}` : "";
}
