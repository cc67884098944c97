import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { api, paths, withQuery } from "./paths.ts";

describe("the console's addresses", () => {
  it("stay as they are: people keep links to them", () => {
    const name = "web 3/a";
    expect({
      overview: paths.overview(),
      signIn: paths.signIn("/jobs?status=error"),
      instances: paths.instances({ search: "web", status: "running", sort: "-name", cursor: "c1" }),
      newInstance: paths.newInstance({ os: "debian+bookworm", node: "node1" }),
      instance: paths.instance(name),
      instanceInstall: paths.instanceInstall(name, "i1"),
      instanceParameters: paths.instanceParameters(name),
      instanceNetwork: paths.instanceNetwork(name),
      instanceHardware: paths.instanceHardware(name, { do: "nics" }),
      instanceCommunication: paths.instanceCommunication(name, { do: "user-data" }),
      instanceConsole: paths.instanceConsole(name),
      instanceHistory: paths.instanceHistory(name),
      reinstall: paths.reinstall(name, { os: "debian+bookworm" }),
      osDefinitions: paths.osDefinitions({ search: "deb", cursor: "c1" }),
      uploadDefinition: paths.uploadDefinition("debian"),
      osDefinition: paths.osDefinition("debian", { do: "delete" }),
      osFiles: paths.osFiles("debian", { file: "untrusted/create", version: 2 }),
      osVersions: paths.osVersions("debian", "c1"),
      osDiff: paths.osDiff("debian", { from: 1, to: 2 }),
      osDefaults: paths.osDefaults("debian", { variant: "lab", set: "size" }),
      osAccess: paths.osAccess("debian"),
      osTrust: paths.osTrust("debian"),
      nodes: paths.nodes("c1"),
      node: paths.node("node1"),
      networks: paths.networks("c1"),
      newNetwork: paths.newNetwork(),
      network: paths.network("lan", { holder: "nic", cursor: "c1", do: "release", first: "10.0.0.2", last: "10.0.0.9" }),
      exports: paths.exports("c1"),
      export: paths.export("e1", { do: "delete" }),
      jobs: paths.jobs({ status: "error", cursor: "c1" }),
      job: paths.job(7),
      settings: paths.settings(),
      settingsAppliances: paths.settingsAppliances(),
      settingsReceipts: paths.settingsReceipts(),
      settingsParameters: paths.settingsParameters({ remove: "size" }),
    } satisfies Record<keyof typeof paths, string>).toEqual({
      overview: "/",
      signIn: "/sign-in?next=%2Fjobs%3Fstatus%3Derror",
      instances: "/instances?search=web&status=running&sort=-name&cursor=c1",
      newInstance: "/new-instance?os=debian%2Bbookworm&node=node1",
      instance: "/instances/web%203%2Fa",
      instanceInstall: "/instances/web%203%2Fa/install?id=i1",
      instanceParameters: "/instances/web%203%2Fa/parameters",
      instanceNetwork: "/instances/web%203%2Fa/hardware#section-network",
      instanceHardware: "/instances/web%203%2Fa/hardware?do=nics",
      instanceCommunication: "/instances/web%203%2Fa/communication?do=user-data",
      instanceConsole: "/instances/web%203%2Fa/console",
      instanceHistory: "/instances/web%203%2Fa/history",
      reinstall: "/instances/web%203%2Fa/reinstall?os=debian%2Bbookworm",
      osDefinitions: "/os-definitions?search=deb&cursor=c1",
      uploadDefinition: "/upload-definition?name=debian",
      osDefinition: "/os-definitions/debian?do=delete",
      osFiles: "/os-definitions/debian/files?file=untrusted%2Fcreate&version=2",
      osVersions: "/os-definitions/debian/versions?cursor=c1",
      osDiff: "/os-definitions/debian/diff?from=1&to=2",
      osDefaults: "/os-definitions/debian/defaults?variant=lab&set=size",
      osAccess: "/os-definitions/debian/access",
      osTrust: "/os-definitions/debian/trust",
      nodes: "/nodes?cursor=c1",
      node: "/nodes/node1",
      networks: "/networks?cursor=c1",
      newNetwork: "/new-network",
      network: "/networks/lan?holder=nic&cursor=c1&do=release&first=10.0.0.2&last=10.0.0.9",
      exports: "/exports?cursor=c1",
      export: "/exports/e1?do=delete",
      jobs: "/jobs?status=error&cursor=c1",
      job: "/jobs/7",
      settings: "/settings",
      settingsAppliances: "/settings/appliances",
      settingsReceipts: "/settings/receipts",
      settingsParameters: "/settings/parameters?remove=size",
    });
  });

  it("leave out of a query what is empty", () => {
    expect(withQuery("/a", { b: "", c: null, d: undefined, e: 0 })).toBe("/a?e=0");
  });

  it("are those of the pages and routes that there are", () => {
    const app = path.join(import.meta.dirname, "../app");
    const found = readdirSync(app, { recursive: true, encoding: "utf8" })
      .filter((file) => /(^|\/)(page\.tsx|route\.ts)$/.test(file))
      .map((file) => `/${path.dirname(file)}`.replace(/\/\([^)]+\)/g, "").replace(/^\/\.$/, "/") || "/");
    const address = (link: string): string => new URL(link, "http://console.invalid").pathname;
    const pages = [
      ...["/", "/sign-in", "/instances", "/new-instance", "/os-definitions", "/nodes", "/jobs"],
      ...["", "/install", "/parameters", "/hardware", "/communication", "/console", "/history", "/reinstall"].map((tab) => `/instances/[name]${tab}`),
      ...["", "/files", "/versions", "/diff", "/defaults", "/access", "/trust"].map((tab) => `/os-definitions/[name]${tab}`),
      ...["/upload-definition", "/nodes/[name]", "/networks", "/networks/[name]", "/new-network", "/exports", "/exports/[id]", "/jobs/[id]", "/settings", "/settings/appliances", "/settings/receipts", "/settings/parameters"],
    ];
    expect(found.filter((route) => !route.startsWith("/api")).sort()).toEqual(pages.sort());
    const called = [
      address(api.instances()),
      address(api.instance("[name]")),
      address(api.channel("[name]")),
      address(api.power("[name]")),
      address(api.reinstall("[name]")),
      address(api.reinstallPreview("[name]")),
      address(api.rollback("[name]")),
      address(api.rename("[name]")),
      address(api.export("[name]")),
      address(api.snapshots("[name]")),
      address(api.snapshot("[name]", "[snapshot]")),
      address(api.restoreSnapshot("[name]", "[snapshot]")),
      address(api.instanceImports()),
      address(api.exportOf("[id]")),
      address(api.confirmInstall("[id]")),
      address(api.receipt("[id]")),
      address(api.cancelJob(7)).replace("7", "[id]"),
      address(api.install("[id]")),
      address(api.installLog("[id]", {})),
      address(api.osDefinitions()),
      address(api.osDefinition("[name]")),
      address(api.osChecks("[name]")),
      address(api.osVersions("[name]")),
      address(api.osTrust("[name]")),
      address(api.osRegistrations("[name]")),
      address(api.osParameters("[name]")),
      address(api.networks()),
      address(api.network("[name]")),
      address(api.reservations("[name]")),
      address(api.cluster()),
      address(api.clusterParameters()),
      address(api.events(null)),
    ].map((route) => decodeURIComponent(route));
    expect(found).toEqual(expect.arrayContaining(called));
  });
});
