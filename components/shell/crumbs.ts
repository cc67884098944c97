import { paths } from "#components/paths.ts";

const WORDS: Readonly<Record<string, string>> = {
  "os-definitions": "OS definitions",
  nodes: "Nodes",
  networks: "Networks",
  exports: "Exports",
  jobs: "Jobs",
  reinstall: "Reinstall",
  settings: "Settings",
  diff: "Diff",
};
/** Tabs of an object, which are no places of their own. */
const TABS = new Set(["install", "parameters", "hardware", "communication", "console", "history", "files", "versions", "defaults", "access", "trust"]);

export interface Crumb {
  readonly href: string;
  readonly label: string;
}

/**
 * Where one is, from the address: place, object, what is done with it.
 *
 * @param instancesLabel how the list of instances is called for who is signed in
 */
export function crumbsOf(path: string, instancesLabel: string): readonly Crumb[] {
  const instances = { href: paths.instances(), label: instancesLabel };
  if (path === "/") return [{ href: paths.overview(), label: "Overview" }];
  if (path === paths.newInstance()) return [instances, { href: path, label: "New instance" }];
  if (path === paths.newNetwork()) return [{ href: paths.networks(), label: "Networks" }, { href: path, label: "New network" }];
  if (path === paths.uploadDefinition()) return [{ href: paths.osDefinitions(), label: "OS definitions" }, { href: path, label: "Upload a definition" }];
  if (path.startsWith(`${paths.settings()}/`)) return [{ href: paths.settings(), label: "Settings" }];
  const parts = path.split("/").filter((part) => part !== "");
  return parts.flatMap((part, index) => {
    if (index === 2 && TABS.has(part)) return [];
    if (index === 0 && part === "instances") return [instances];
    // In the middle stands an object's name, whatever it is.
    const label = index === 1 ? undefined : WORDS[part];
    return [{ href: `/${parts.slice(0, index + 1).join("/")}`, label: label ?? decodeURIComponent(part) }];
  });
}
