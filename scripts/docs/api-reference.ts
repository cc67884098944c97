/** The parts of docs/api.md that follow from the registers, and their places in the file. */
import type { Operation } from "#lib/domain/access.ts";
import { reach } from "#lib/domain/access.ts";
import { ERROR_CODES } from "#lib/domain/errors.ts";
import { PAGE_LIMITS } from "#lib/domain/paging.ts";
import { PARAMETER_LIMITS } from "#lib/domain/parameters.ts";
import type { ApiRoute } from "#lib/http/define-route.ts";
import { ARCHIVE_BODY, REQUEST_LIMITS } from "#lib/http/limits.ts";
import { API_ROUTES } from "#lib/http/routes.ts";
import { STATUS_OF_CODE } from "#lib/http/status.ts";
import { RAPI_METHODS } from "#lib/rapi/context.ts";
import { RAPI_RESOURCES } from "#lib/rapi/resources.ts";
import { RECORDED_DIFFERENCES } from "#lib/rapi/testing-differences.ts";
import type { FieldRow } from "./describe-schema.ts";
import { describeFields } from "./describe-schema.ts";
import { RAPI_SUMMARIES, ROUTE_SUMMARIES } from "./summaries.ts";

const GENERATORS: Readonly<Record<string, () => string>> = {
  routes: routeTable,
  fields: fieldTables,
  errors: errorTable,
  limits: limitTable,
  rapi: rapiTable,
  differences: differenceTable,
};

/**
 * The text with every generated part made anew. A part stands between `<!-- generated: NAME -->` and `<!-- end -->`.
 *
 * @throws where a part has no place in the text, or a place has no part.
 */
export function renderReference(text: string): string {
  const found = new Set<string>();
  const rendered = text.replace(/(<!-- generated: ([\w-]+) -->\n)[\s\S]*?(<!-- end -->)/g, (_whole, begin: string, name: string, end: string) => {
    const generate = GENERATORS[name];
    if (generate === undefined) throw new Error(`there is nothing to generate for ${name}`);
    found.add(name);
    return `${begin}\n${generate()}\n\n${end}`;
  });
  const missing = Object.keys(GENERATORS).filter((name) => !found.has(name));
  if (missing.length > 0) throw new Error(`the file has no place for ${missing.join(", ")}`);
  return rendered;
}

const METHOD_ORDER: readonly ApiRoute["method"][] = ["GET", "POST", "PATCH", "DELETE"];

/** By address: a module's exports come in no order that a reader would know. */
const ROUTES = API_ROUTES.toSorted((a, b) => (a.path === b.path ? METHOD_ORDER.indexOf(a.method) - METHOD_ORDER.indexOf(b.method) : a.path < b.path ? -1 : 1));

function routeTable(): string {
  requireSame(Object.keys(ROUTE_SUMMARIES), ROUTES.map(labelOf));
  const rows = ROUTES.map((route) => [`\`${labelOf(route)}\``, ROUTE_SUMMARIES[labelOf(route)] ?? "", whoMayCall(route), String(route.status)]);
  return table(["route", "what it does", "who may", "status"], rows);
}

function fieldTables(): string {
  return ROUTES.flatMap((route) => {
    const rows = [
      ...describeFields(route.schemas.query).map((field) => ["query", field] as const),
      ...(route.hasBody ? describeFields(route.schemas.body) : []).map((field) => ["body", field] as const),
      ...archiveRows(route),
    ].map(([part, field]) => [`\`${field.name}\``, part, field.need, field.type]);
    return rows.length === 0 ? [] : [`#### ${labelOf(route)}\n\n${table(["field", "in", "", "type"], rows)}`];
  }).join("\n\n");
}

function archiveRows({ rawBody }: ApiRoute): (readonly ["body", FieldRow])[] {
  if (rawBody === null) return [];
  return [["body", { name: "(the body itself)", need: "required", type: `an archive, at most ${rawBody.bytes / 1_048_576} MiB: ${rawBody.contentTypes.map((type) => `\`${type}\``).join(", ")}` }]];
}

function errorTable(): string {
  return table(["code", "status"], ERROR_CODES.map((code) => [`\`${code}\``, String(STATUS_OF_CODE[code])]));
}

function limitTable(): string {
  const mib = (bytes: number): string => (bytes >= 1_048_576 ? `${bytes / 1_048_576} MiB` : `${bytes / 1_024} KiB`);
  return table(
    ["what", "at most"],
    [
      ["body of a request", mib(REQUEST_LIMITS.bodyBytes)],
      ["time for the body to come", `${REQUEST_LIMITS.bodyMs / 1_000} s`],
      ["archive of an OS definition", mib(ARCHIVE_BODY.bytes)],
      ["time for an archive to come", `${ARCHIVE_BODY.ms / 1_000} s`],
      ["time for an answer, streams apart", `${REQUEST_LIMITS.operationMs / 1_000} s`],
      ["address with its query", `${REQUEST_LIMITS.urlLength} characters`],
      ["objects and lists in one another", String(REQUEST_LIMITS.jsonDepth)],
      ["members and items in all", String(REQUEST_LIMITS.jsonNodes)],
      ["items of a page", `${PAGE_LIMITS.max}; ${PAGE_LIMITS.default} unless asked for`],
      ["parameters of a class in a request", String(PARAMETER_LIMITS.count)],
      ["value of a parameter", mib(PARAMETER_LIMITS.valueBytes)],
      ["values of all parameters", mib(PARAMETER_LIMITS.totalBytes)],
    ],
  );
}

function rapiTable(): string {
  const methods = RAPI_RESOURCES.flatMap(({ path, methods: of }) =>
    RAPI_METHODS.flatMap((name) => {
      const method = of[name];
      return method === undefined ? [] : [{ label: `${name} ${path}`, operation: method.operation }];
    }),
  );
  requireSame(Object.keys(RAPI_SUMMARIES), methods.map(({ label }) => label));
  return table(
    ["path", "what it answers", "who may"],
    methods.map(({ label, operation }) => [`\`${label}\``, RAPI_SUMMARIES[label] ?? "", operation === null ? "any account" : whoMay(operation)]),
  );
}

function differenceTable(): string {
  const reasons = Map.groupBy(RECORDED_DIFFERENCES, ({ reason }) => reason);
  const rows = [...reasons].map(([reason, differences]) => {
    const places = differences.map(({ exchange, difference }) => `\`${exchange}${difference.startsWith("[") ? "" : " "}${difference}\``);
    return [places.join(", "), reason];
  });
  return table(["in the recorded exchange", "why"], rows);
}

function labelOf(route: ApiRoute): string {
  return `${route.method} ${route.path}`;
}

function whoMayCall({ access }: ApiRoute): string {
  return access.kind === "open" ? "who has a token" : whoMay(access.operation);
}

/** The rule of lib/domain/access.ts in words. */
function whoMay(operation: Operation): string {
  const owner = reach({ kind: "user", userId: "", name: "", role: "owner" }, operation);
  const administrator = reach({ kind: "user", userId: "", name: "", role: "administrator" }, operation);
  if (administrator !== "any") throw new Error(`there is no wording for ${operation}, which administrators can't do everywhere`);
  switch (owner) {
    case "any":
      return "any account";
    case "visible":
      return "any account, of what it may see";
    case "own":
      return "administrators; owners, of what is theirs";
    case "none":
      return "administrators";
  }
}

function requireSame(described: readonly string[], registered: readonly string[]): void {
  const missing = registered.filter((label) => !described.includes(label));
  const surplus = described.filter((label) => !registered.includes(label));
  if (missing.length > 0) throw new Error(`scripts/docs/summaries.ts says nothing of ${missing.join(", ")}`);
  if (surplus.length > 0) throw new Error(`scripts/docs/summaries.ts describes what isn't there: ${surplus.join(", ")}`);
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
}
