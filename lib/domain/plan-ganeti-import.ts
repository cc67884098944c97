/**
 * What an import from a Ganeti cluster does: decided once, from the configuration, the folders of OS definitions and what is
 * here already. The dry run shows it, and what is applied is nothing else (issue: "Import from a Ganeti cluster").
 *
 * What is here already is left as it is, so that the same import again brings nothing.
 */
import type { GanetiConfig, GanetiDefaults, GanetiNode } from "./ganeti-config.ts";
import type { GanetiInstance } from "./ganeti-instances.ts";
import type { GanetiParameter } from "./ganeti-parameters.ts";
import type { Remark } from "./ganeti-shapes.ts";
import type { ParameterDeclaration } from "./os-definition.ts";
import { formatOsType } from "./os-definition.ts";
import { OS_API_VERSION } from "./plan-install.ts";
import type { Visibility } from "./visibility.ts";
import { privateValue, stricter } from "./visibility.ts";

/** What is known of a definition, in a folder or here. */
export interface DefinitionFacts {
  readonly apiVersions: readonly number[];
  readonly variants: readonly string[];
  readonly parameters: readonly ParameterDeclaration[];
  readonly digest: string;
}

export interface ImportFolder {
  /** Null: it has one that no definition can have. */
  readonly name: string | null;
  /** Null: it can't be read, for this reason. */
  readonly facts: DefinitionFacts | null;
  readonly problem: string | null;
  /** What of it Ganeti has and Slipway hasn't. */
  readonly lost: readonly string[];
}

export interface ExistingDefinition extends DefinitionFacts {
  /** The name of whose it is; null: the cluster's own. */
  readonly owner: string | null;
}

/** What is in the database, by name. */
export interface ExistingObjects {
  readonly definitions: ReadonlyMap<string, ExistingDefinition>;
  readonly nodes: ReadonlySet<string>;
  readonly instances: ReadonlySet<string>;
  /** Of nodes and instances. */
  readonly ids: ReadonlySet<string>;
  readonly macs: ReadonlySet<string>;
  /** `defaultKey` of each. */
  readonly defaults: ReadonlySet<string>;
}

/** A parameter as it is stored. A secret has no value. */
export type BroughtParameter = GanetiParameter | { readonly name: string; readonly visibility: "secret" };

export interface BroughtInstance extends Omit<GanetiInstance, "parameters" | "remarks" | "nodeId" | "hypervisor" | "path"> {
  readonly node: string;
  readonly parameters: readonly BroughtParameter[];
}

export interface BroughtDefault {
  readonly definition: string;
  readonly variant: string | null;
  readonly parameter: GanetiParameter;
}

export interface ImportPlan {
  readonly bring: {
    readonly definitions: readonly { readonly name: string; readonly hidden: boolean; readonly blacklisted: boolean }[];
    readonly nodes: readonly Pick<GanetiNode, "id" | "name" | "offline" | "drained">[];
    readonly instances: readonly BroughtInstance[];
    readonly defaults: readonly BroughtDefault[];
  };
  /** Secrets that definitions declare: the file never has them, and they are asked for at the next reinstall. */
  readonly askedFor: readonly { readonly definition: string; readonly names: readonly string[] }[];
  /** There already. */
  readonly skip: readonly Remark[];
  /** What isn't brought, or only in part. */
  readonly cannot: readonly Remark[];
}

const UNUSABLE = "Its folder can't be registered.";

export function defaultKey(definition: string, variant: string | null, name: string): string {
  return `${formatOsType(definition, variant)}\n${name}`;
}

export function planImport(config: GanetiConfig, folders: readonly ImportFolder[], existing: ExistingObjects): ImportPlan {
  const skip: Remark[] = [];
  const cannot: Remark[] = [...config.remarks, ...clusterRemarks(config)];
  const definitions = planDefinitions(config, folders, existing, { skip, cannot });
  const nodes = planNodes(config, existing, { skip, cannot });
  const instances = planInstances(config, { existing, definitions: definitions.known, nodes: nodes.known }, { skip, cannot });
  return {
    bring: {
      definitions: definitions.bring,
      nodes: nodes.bring,
      instances,
      defaults: config.defaults.flatMap((place) => planDefaults(place, definitions.known.get(place.definition), existing, { skip, cannot })),
    },
    askedFor: secretsOf(definitions.known, new Set([...definitions.bring.map(({ name }) => name), ...instances.flatMap(({ os }) => os?.name ?? [])])),
    skip,
    cannot,
  };
}

function secretsOf(known: ReadonlyMap<string, DefinitionFacts>, used: ReadonlySet<string>): ImportPlan["askedFor"] {
  return [...used].toSorted().flatMap((definition) => {
    const names = (known.get(definition)?.parameters ?? []).filter(({ visibility }) => visibility === "secret").map(({ name }) => name);
    return names.length === 0 ? [] : [{ definition, names }];
  });
}

interface Lists {
  readonly skip: Remark[];
  readonly cannot: Remark[];
}

function clusterRemarks({ counts }: GanetiConfig): Remark[] {
  const remark = (path: string, reason: string, count: number): Remark[] =>
    count === 0 ? [] : [{ subject: "cluster", name: null, path, reason, detail: String(count), lost: "all" }];
  return [
    ...remark("nodegroups", "Node groups, their policies and networks are not brought.", counts.groups),
    ...remark("networks", "Networks and their address pools are not brought.", counts.networks),
    ...remark("filters", "Filters of the job queue are not brought.", counts.filters),
    ...remark("cluster.os_hvp", "Hypervisor parameters of OS definitions are not brought.", counts.hypervisorDefaults),
  ];
}

function planDefinitions(config: GanetiConfig, folders: readonly ImportFolder[], existing: ExistingObjects, { skip, cannot }: Lists) {
  const bring: { name: string; hidden: boolean; blacklisted: boolean }[] = [];
  const known = new Map<string, DefinitionFacts>();
  for (const [name, facts] of existing.definitions) if (facts.owner === null) known.set(name, facts);
  const alikeNames = new Map([...existing.definitions.keys()].map((name) => [name.toLowerCase(), name]));
  const seen = new Set<string>();
  for (const { name, facts, problem, lost } of folders) {
    const base = { subject: "definition", name, path: name ?? "", detail: null } as const;
    if (name === null) {
      cannot.push({ ...base, lost: "all", reason: UNUSABLE, detail: problem });
      continue;
    }
    // Ganeti's rule: the first folder that has the name.
    if (seen.has(name)) {
      cannot.push({ ...base, lost: "all", reason: "Another folder before it has a definition of this name." });
      continue;
    }
    seen.add(name);
    const here = existing.definitions.get(name);
    if (here !== undefined) {
      if (here.owner !== null) cannot.push({ ...base, lost: "all", reason: "A user has a definition of this name here.", detail: here.owner });
      else if (facts !== null && facts.digest !== here.digest) skip.push({ ...base, lost: "all", reason: "It is here already, with another content; what is here is what instances get." });
      else skip.push({ ...base, lost: "all", reason: "It is here already." });
      continue;
    }
    if (facts === null) {
      cannot.push({ ...base, lost: "all", reason: UNUSABLE, detail: problem });
      continue;
    }
    const alike = alikeNames.get(name.toLowerCase());
    if (alike !== undefined) {
      cannot.push({ ...base, lost: "all", reason: "A definition has this name but for upper and lower case.", detail: alike });
      continue;
    }
    alikeNames.set(name.toLowerCase(), name);
    for (const reason of lost) cannot.push({ ...base, lost: "part", reason });
    if (!facts.apiVersions.includes(OS_API_VERSION)) cannot.push({ ...base, lost: "part", reason: `It doesn't know version ${OS_API_VERSION} of Ganeti's OS interface: nothing can be installed with it.`, detail: facts.apiVersions.join(", ") });
    known.set(name, facts);
    bring.push({ name, hidden: config.hidden.has(name), blacklisted: config.blacklisted.has(name) });
  }
  return { bring, known };
}

function planNodes(config: GanetiConfig, existing: ExistingObjects, { skip, cannot }: Lists) {
  const bring: Pick<GanetiNode, "id" | "name" | "offline" | "drained">[] = [];
  /** Names by Ganeti's id, of all nodes that instances can be on afterwards. */
  const known = new Map<string, string>();
  const names = new Set<string>();
  for (const { id, name, path, offline, drained, vmCapable } of config.nodes) {
    const base = { subject: "node", name, path, detail: null, lost: "all" } as const;
    if (names.has(name)) {
      cannot.push({ ...base, reason: "Another node before it has this name." });
      continue;
    }
    names.add(name);
    if (existing.nodes.has(name)) skip.push({ ...base, reason: "It is here already." });
    else if (!vmCapable) {
      cannot.push({ ...base, reason: "It runs no instances." });
      continue;
    } else if (existing.ids.has(id)) {
      cannot.push({ ...base, reason: "Its uuid is another object's here." });
      continue;
    } else bring.push({ id, name, offline, drained });
    known.set(id, name);
  }
  return { bring, known };
}

interface Known {
  readonly existing: ExistingObjects;
  readonly definitions: ReadonlyMap<string, DefinitionFacts>;
  readonly nodes: ReadonlyMap<string, string>;
}

function planInstances(config: GanetiConfig, known: Known, { skip, cannot }: Lists): BroughtInstance[] {
  const bring: BroughtInstance[] = [];
  const names = new Set<string>();
  const macs = new Set<string>();
  for (const instance of config.instances) {
    const { parameters, remarks, nodeId, hypervisor: _hypervisor, path, ...rest } = instance;
    const { name } = rest;
    const base = { subject: "instance", name, path, detail: null } as const;
    if (names.has(name)) {
      cannot.push({ ...base, lost: "all", reason: "Another instance before it has this name." });
      continue;
    }
    names.add(name);
    if (known.existing.instances.has(name)) {
      skip.push({ ...base, lost: "all", reason: "It is here already." });
      continue;
    }
    const definition = rest.os === null ? null : known.definitions.get(rest.os.name);
    const node = known.nodes.get(nodeId);
    const problem = instanceProblem(instance, { existing: known.existing, macs, node, definition });
    if (node === undefined || definition === undefined || problem !== null) {
      cannot.push({ ...base, lost: "all", reason: problem?.reason ?? "", detail: problem?.detail ?? null });
      continue;
    }
    for (const nic of rest.nics) macs.add(nic.mac);
    cannot.push(...remarks);
    if (rest.os !== null && !hasVariant(definition, rest.os.variant)) cannot.push({ ...base, lost: "part", reason: "Its variant is none of its OS definition's: a reinstall names another.", detail: formatOsType(rest.os.name, rest.os.variant) });
    const brought = parameters.map((parameter) => atItsFloor(parameter, definition));
    const secrets = brought.filter(({ visibility }) => visibility === "secret").map((parameter) => parameter.name);
    if (secrets.length > 0) cannot.push({ ...base, lost: "part", reason: "Values of parameters that its definition calls secret are not kept; they are asked for at the next reinstall.", detail: secrets.join(", ") });
    bring.push({ ...rest, node, parameters: brought });
  }
  return bring;
}

/** Why an instance isn't brought; null: it is. */
function instanceProblem(
  { id, hypervisor, os, nics }: GanetiInstance,
  found: { readonly existing: ExistingObjects; readonly macs: ReadonlySet<string>; readonly node: string | undefined; readonly definition: DefinitionFacts | null | undefined },
): { readonly reason: string; readonly detail: string | null } | null {
  if (hypervisor !== "kvm") return { reason: "Its hypervisor is not KVM.", detail: hypervisor };
  if (found.node === undefined) return { reason: "Its node is not brought.", detail: null };
  if (found.definition === undefined) {
    const detail = os === null ? null : formatOsType(os.name, os.variant);
    return { reason: "Its OS definition is not here: give its folder with --os-directory and import again.", detail };
  }
  if (found.existing.ids.has(id)) return { reason: "Its uuid is another object's here.", detail: null };
  const taken = nics.find(({ mac }) => found.existing.macs.has(mac) || found.macs.has(mac));
  return taken === undefined ? null : { reason: "The MAC address of a NIC of it is another instance's.", detail: taken.mac };
}

function hasVariant(definition: DefinitionFacts | null, variant: string | null): boolean {
  if (definition === null) return true;
  return variant === null ? definition.variants.length === 0 : definition.variants.includes(variant);
}

function floorOf(name: string, definition: DefinitionFacts | null): Visibility {
  return definition?.parameters.find((parameter) => parameter.name === name)?.visibility ?? "public";
}

/** The definition decides the floor: a value that Ganeti kept in public is private where the definition says so. */
function atItsFloor(parameter: GanetiParameter, definition: DefinitionFacts | null): BroughtParameter {
  const { name } = parameter;
  switch (stricter(parameter.visibility, floorOf(name, definition))) {
    case "public":
      return parameter;
    case "private":
      return parameter.visibility === "private" ? parameter : { name, visibility: "private", value: privateValue(parameter.value) };
    case "secret":
      return { name, visibility: "secret" };
  }
}

function planDefaults(place: GanetiDefaults, definition: DefinitionFacts | undefined, existing: ExistingObjects, { skip, cannot }: Lists): BroughtDefault[] {
  const { definition: name, variant, path } = place;
  const base = { subject: "default", name: formatOsType(name, variant), path } as const;
  for (const loss of place.losses) cannot.push({ ...base, lost: "part", reason: loss.reason, detail: loss.name });
  if (place.parameters.length === 0) return [];
  if (definition === undefined) {
    cannot.push({ ...base, lost: "all", reason: "Its OS definition is not here: give its folder with --os-directory and import again.", detail: null });
    return [];
  }
  return place.parameters.flatMap((parameter) => {
    const detail = parameter.name;
    if (existing.defaults.has(defaultKey(name, variant, parameter.name))) {
      skip.push({ ...base, lost: "part", reason: "There is a default of this parameter already.", detail });
      return [];
    }
    const brought = atItsFloor(parameter, definition);
    if (brought.visibility === "secret") {
      cannot.push({ ...base, lost: "part", reason: "A parameter that its definition calls secret has no default.", detail });
      return [];
    }
    return [{ definition: name, variant, parameter: brought }];
  });
}
