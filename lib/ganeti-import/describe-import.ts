/** What an import would do or has done, for a person and for machines. Names, classes and places; no value of a parameter. */
import type { GanetiConfig } from "#lib/domain/ganeti-config.ts";
import type { Remark } from "#lib/domain/ganeti-shapes.ts";
import { formatOsType } from "#lib/domain/os-definition.ts";
import type { ImportPlan } from "#lib/domain/plan-ganeti-import.ts";

/** Names after a reason; more are only counted. */
const MOST_NAMES = 10;

const SUBJECTS: readonly { readonly subject: Exclude<Remark["subject"], "cluster">; readonly title: string; readonly count: (plan: ImportPlan) => number }[] = [
  { subject: "definition", title: "OS definitions", count: ({ bring }) => bring.definitions.length },
  { subject: "node", title: "nodes", count: ({ bring }) => bring.nodes.length },
  { subject: "instance", title: "instances", count: ({ bring }) => bring.instances.length },
  { subject: "default", title: "default parameters", count: ({ bring }) => bring.defaults.length },
];

/** A line each. */
export function describeImport(config: Pick<GanetiConfig, "name" | "version" | "id">, plan: ImportPlan, applied: boolean): string[] {
  const heads = [applied ? "brought" : "to bring", "here already", "not brought"];
  const row = (title: string, cells: readonly (string | number)[]): string => `  ${title.padEnd(18)}${cells.map((cell) => String(cell).padStart(14)).join("")}`;
  const counted = (list: readonly Remark[], subject: Remark["subject"]): number => list.filter((remark) => remark.subject === subject && (remark.lost === "all" || list === plan.skip)).length;
  return [
    `Ganeti cluster ${config.name}, version ${config.version}${config.id === null ? "" : `, uuid ${config.id}`}. This cluster keeps its own name and uuid.`,
    "",
    row("", heads),
    ...SUBJECTS.map(({ subject, title, count }) => row(title, [count(plan), counted(plan.skip, subject), counted(plan.cannot, subject)])),
    ...section("Not brought", plan.cannot.filter(({ lost }) => lost === "all")),
    ...section(applied ? "Brought without" : "To be brought without", plan.cannot.filter(({ lost }) => lost === "part")),
    ...section("Left as it is here", plan.skip.filter(({ reason }) => reason !== "It is here already.")),
    "",
    "To be done by hand",
    ...byHand(plan).map((line) => `  ${line}`),
    ...(applied ? [] : ["", "Nothing has been changed. --apply does it."]),
  ];
}

function section(title: string, remarks: readonly Remark[]): string[] {
  if (remarks.length === 0) return [];
  const reasons = [...Map.groupBy(remarks, ({ reason }) => reason)];
  return ["", title, ...reasons.flatMap(([reason, list]) => [`  ${reason}`, ...[...Map.groupBy(list, ({ subject }) => subject)].map(([subject, of]) => `    ${titleOf(subject)}: ${named(of)}`)])];
}

/** What kind of thing the names are of: an instance and a definition may have the same one. */
function titleOf(subject: Remark["subject"]): string {
  return SUBJECTS.find((known) => known.subject === subject)?.title ?? "cluster";
}

function named(remarks: readonly Remark[]): string {
  const names = remarks.slice(0, MOST_NAMES).map(({ subject, name, path, detail }) => {
    const object = name ?? (path === "" ? subject : path);
    return detail === null ? object : `${object} (${detail})`;
  });
  const more = remarks.length - names.length;
  return `${names.join(", ")}${more === 0 ? "" : ` and ${more} more, which --json lists`}`;
}

/** What no import can do. */
export function byHand({ bring, askedFor }: ImportPlan): string[] {
  const nodes = bring.nodes.map(({ name }) => name);
  const shown = nodes.slice(0, MOST_NAMES).join(", ") + (nodes.length > MOST_NAMES ? ` and ${nodes.length - MOST_NAMES} more` : "");
  return [
    ...(nodes.length === 0 ? [] : [`Enrol the agent of each node (docs/operating.md, "Adding a node"): POST /api/v1/nodes {"name": "NODE"} gives its token. Nodes: ${shown}.`]),
    ...(bring.instances.length === 0
      ? []
      : [
          "Instances belong to nobody, and administrators alone see them.",
          "Nothing that runs under Ganeti is touched: stop an instance there before its reinstall here, or two machines have one MAC address.",
        ]),
    ...askedFor.map(({ definition, names }) => `Secrets are in no configuration; the next reinstall with ${definition} asks for them: ${names.join(", ")}.`),
    "Accounts of the remote API, exports, certificates and file storage are not in a configuration: make accounts here, and copy what is to be kept.",
  ];
}

/** The same as data. Of parameters there are names and classes. */
export function importReport(config: Pick<GanetiConfig, "name" | "version" | "id">, plan: ImportPlan, applied: boolean) {
  const { definitions, nodes, instances, defaults } = plan.bring;
  return {
    cluster: { name: config.name, uuid: config.id, version: config.version },
    applied,
    bring: {
      definitions,
      nodes,
      instances: instances.map(({ os, parameters, ...rest }) => ({
        ...rest,
        osType: os === null ? null : formatOsType(os.name, os.variant),
        parameters: parameters.map(({ name, visibility }) => ({ name, visibility })),
      })),
      defaults: defaults.map(({ definition, variant, parameter }) => ({ definition, variant, name: parameter.name, visibility: parameter.visibility })),
    },
    askedFor: plan.askedFor,
    skip: plan.skip,
    cannot: plan.cannot,
    byHand: byHand(plan),
  };
}
