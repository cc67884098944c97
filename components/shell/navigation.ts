import { reach } from "#lib/domain/access.ts";
import type { Identity } from "#lib/domain/access.ts";
import { paths } from "#components/paths.ts";

export type NavigationKey = "overview" | "instances" | "osDefinitions" | "nodes" | "networks" | "exports" | "jobs" | "settings";

export interface NavigationItem {
  readonly key: NavigationKey;
  readonly label: string;
  readonly href: string;
}

/** The pages that somebody may see; the others aren't mentioned. */
export function navigationFor(identity: Identity): readonly NavigationItem[] {
  const everybodys = reach(identity, "instance.list") === "any";
  const items: NavigationItem[] = [
    { key: "overview", label: "Overview", href: paths.overview() },
    { key: "instances", label: everybodys ? "Instances" : "My instances", href: paths.instances() },
    { key: "osDefinitions", label: "OS definitions", href: paths.osDefinitions() },
  ];
  if (reach(identity, "node.list") !== "none") items.push({ key: "nodes", label: "Nodes", href: paths.nodes() });
  if (reach(identity, "network.list") !== "none") items.push({ key: "networks", label: "Networks", href: paths.networks() });
  if (reach(identity, "export.list") !== "none") items.push({ key: "exports", label: "Exports", href: paths.exports() });
  items.push({ key: "jobs", label: "Jobs", href: paths.jobs() });
  if (reach(identity, "cluster.modify") !== "none") items.push({ key: "settings", label: "Settings", href: paths.settings() });
  return items;
}

/**
 * Whether an address lies under an item: `/instances/web-3` under `/instances`, and only `/` under `/`. The pages for a
 * new instance, definition or network have addresses beside the lists', because an instance may be called "new".
 */
export function isUnder(path: string, href: string): boolean {
  if (path === paths.uploadDefinition()) return href === paths.osDefinitions();
  if (path === paths.newNetwork()) return href === paths.networks();
  if (path === paths.newInstance()) return href === paths.instances();
  return href === "/" ? path === "/" : path === href || path.startsWith(`${href}/`);
}
