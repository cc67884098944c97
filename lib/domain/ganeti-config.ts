/**
 * Ganeti's `config.data`, versions 2.12 to 3.0, from JSON to facts (what they are: ganeti.objects and ganeti.config of those
 * versions). What has another shape than Ganeti writes becomes a remark that names its place; no value of a parameter is in
 * one. What isn't brought at all, like addresses of disks with DRBD's shared secret, isn't read.
 */
import { SlipwayError } from "./errors.ts";
import type { GanetiInstance } from "./ganeti-instances.ts";
import { readInstance } from "./ganeti-instances.ts";
import type { GanetiParameters } from "./ganeti-parameters.ts";
import { readGanetiParameters } from "./ganeti-parameters.ts";
import type { Fields, Remark } from "./ganeti-shapes.ts";
import { field, fieldsOf, GANETI_OS_TYPE, GANETI_UUID, matching, optionalFields, optionalList, pathOf } from "./ganeti-shapes.ts";
import { INSTANCE_NAME } from "./instance.ts";
import { parseOsType } from "./os-definition.ts";

/** Of a file: more than these isn't a cluster that Ganeti can have. */
export const GANETI_LIMITS = { instances: 200_000, nodes: 10_000, disks: 3_200_000, definitions: 1_000, networks: 10_000 } as const;

/** Ganeti's: 1 000 000 · major + 10 000 · minor + revision. */
const OLDEST = 2_120_000;
const NEWEST_MAJOR = 3;
const NEWEST_MINOR = 0;

export interface GanetiNode {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly offline: boolean;
  readonly drained: boolean;
  /** False: it holds the configuration and runs no instances. */
  readonly vmCapable: boolean;
}

/** The parameters of a definition, or of one variant of it, on the whole cluster. */
export interface GanetiDefaults extends GanetiParameters {
  readonly definition: string;
  readonly variant: string | null;
  readonly path: string;
}

export interface GanetiConfig {
  /** `3.0`, for a person. */
  readonly version: string;
  readonly name: string;
  readonly id: string | null;
  readonly nodes: readonly GanetiNode[];
  readonly instances: readonly GanetiInstance[];
  readonly defaults: readonly GanetiDefaults[];
  readonly hidden: ReadonlySet<string>;
  readonly blacklisted: ReadonlySet<string>;
  /** How many there are of what isn't brought. */
  readonly counts: { readonly groups: number; readonly networks: number; readonly filters: number; readonly hypervisorDefaults: number };
  readonly remarks: readonly Remark[];
}

/** @throws SlipwayError `invalid`, `unsupported`, `too_large` with the place in the file, for what makes the whole file unusable. */
export function parseGanetiConfig(json: unknown): GanetiConfig {
  const file = fieldsOf(json);
  if (file === null) throw refused("", "is not an object");
  const version = readVersion(field(file, "version"));
  const cluster = fieldsOf(field(file, "cluster"));
  if (cluster === null) throw refused("cluster", "is missing");
  const name = matching(field(cluster, "cluster_name"), INSTANCE_NAME);
  if (name === null) throw refused("cluster.cluster_name", "is not a host name");
  const remarks: Remark[] = [];
  const networks = collection(file, "networks", GANETI_LIMITS.networks);
  const disks = collection(file, "disks", GANETI_LIMITS.disks);
  const beparams = groupDefault(cluster, "beparams");
  const nicparams = groupDefault(cluster, "nicparams");
  return {
    version,
    name,
    id: matching(field(cluster, "uuid"), GANETI_UUID),
    nodes: Object.entries(collection(file, "nodes", GANETI_LIMITS.nodes)).flatMap(([key, value], index) => readNode(value, key, index, remarks)),
    instances: Object.entries(collection(file, "instances", GANETI_LIMITS.instances)).flatMap(([key, value], index) => {
      const read = readInstance(value, { key, index, disks, networks, beparams, nicparams });
      remarks.push(...read.remarks);
      return read.instance === null ? [] : [read.instance];
    }),
    defaults: readDefaults(cluster, remarks),
    hidden: readNames(cluster, "hidden_os", remarks),
    blacklisted: readNames(cluster, "blacklisted_os", remarks),
    counts: {
      groups: Object.keys(collection(file, "nodegroups", GANETI_LIMITS.nodes)).length,
      networks: Object.keys(networks).length,
      filters: Object.keys(collection(file, "filters", GANETI_LIMITS.instances)).length,
      hypervisorDefaults: Object.keys(optionalFields(cluster, "os_hvp") ?? {}).length,
    },
    remarks,
  };
}

function refused(path: string, problem: string): SlipwayError {
  return new SlipwayError("invalid", path === "" ? `The configuration ${problem}.` : `The configuration can't be used: ${path} ${problem}.`, { field: path });
}

function readVersion(value: unknown): string {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw refused("version", "is not a version number");
  const major = Math.floor(value / 1_000_000);
  const minor = Math.floor((value % 1_000_000) / 10_000);
  const known = value >= OLDEST && (major < NEWEST_MAJOR || (major === NEWEST_MAJOR && minor <= NEWEST_MINOR));
  if (!known) throw new SlipwayError("unsupported", `The configuration is of Ganeti ${major}.${minor}; what can be read is 2.12 to ${NEWEST_MAJOR}.${NEWEST_MINOR}.`, { field: "version" });
  return `${major}.${minor}`;
}

function collection(file: Fields, name: string, max: number): Fields {
  const found = optionalFields(file, name);
  if (found === null) throw refused(name, "is not an object");
  if (Object.keys(found).length > max) throw new SlipwayError("too_large", `The configuration has more than ${max} ${name}.`, { field: name });
  return found;
}

/** Ganeti has one group of these defaults, called `default`. */
function groupDefault(cluster: Fields, name: string): Fields {
  const groups = optionalFields(cluster, name);
  const found = groups === null ? null : optionalFields(groups, "default");
  if (found === null) throw refused(`cluster.${name}`, "is not an object");
  return found;
}

function readNode(value: unknown, key: string, index: number, remarks: Remark[]): GanetiNode[] {
  const path = pathOf("nodes", key, index);
  const node = fieldsOf(value);
  const name = node === null ? null : matching(field(node, "name"), INSTANCE_NAME);
  if (node === null || name === null) {
    remarks.push({ subject: "node", name: null, path, reason: "It has no name that a node can have: a host name in lower case.", detail: null, lost: "all" });
    return [];
  }
  if (!GANETI_UUID.test(key)) {
    remarks.push({ subject: "node", name, path, reason: "It has no uuid.", detail: null, lost: "all" });
    return [];
  }
  return [{ id: key, name, path, offline: field(node, "offline") === true, drained: field(node, "drained") === true, vmCapable: field(node, "vm_capable") !== false }];
}

function readDefaults(cluster: Fields, remarks: Remark[]): GanetiDefaults[] {
  const open = optionalFields(cluster, "osparams");
  const closed = optionalFields(cluster, "osparams_private_cluster");
  if (open === null) throw refused("cluster.osparams", "is not an object");
  if (closed === null) throw refused("cluster.osparams_private_cluster", "is not an object");
  const types = [...new Set([...Object.keys(open), ...Object.keys(closed)])];
  if (types.length > GANETI_LIMITS.definitions) throw new SlipwayError("too_large", `The configuration has parameters of more than ${GANETI_LIMITS.definitions} OS definitions.`, { field: "cluster.osparams" });
  return types.flatMap((osType, index) => {
    if (!GANETI_OS_TYPE.test(osType)) {
      remarks.push({ subject: "default", name: null, path: `cluster.osparams[${index}]`, reason: "Its OS definition has a name that can't be used.", detail: null, lost: "all" });
      return [];
    }
    const { name, variant } = parseOsType(osType);
    return [{ definition: name, variant, path: `cluster.osparams.${osType}`, ...readGanetiParameters(field(open, osType), field(closed, osType)) }];
  });
}

function readNames(cluster: Fields, name: "hidden_os" | "blacklisted_os", remarks: Remark[]): Set<string> {
  const names = optionalList(cluster, name, GANETI_LIMITS.definitions);
  if (names === null) throw refused(`cluster.${name}`, "is not a list of names");
  const read = new Set<string>();
  names.forEach((value, index) => {
    const osType = matching(value, GANETI_OS_TYPE);
    const whole = osType !== null && !osType.includes("+");
    if (whole) read.add(osType);
    else remarks.push({ subject: "definition", name: osType, path: `cluster.${name}[${index}]`, reason: "One variant of a definition can't be hidden or blacklisted by itself.", detail: null, lost: "part" });
  });
  return read;
}
