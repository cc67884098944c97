import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startAgentApi } from "#agent/api/server.ts";
import { Journal } from "#agent/journal/journal.ts";
import { OsFolders } from "#agent/os-definitions/os-folders.ts";
import { behaviourByName } from "#agent/simulated/behaviour.ts";
import { SimulatedBackend } from "#agent/simulated/simulated-backend.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { InstallCluster } from "#lib/installs/testing.ts";
import { openInstallCluster } from "#lib/installs/testing.ts";
import { listNodeFolders } from "./list-node-folders.ts";
import { readFile } from "./read-file.ts";
import { registerFromNode } from "./register-from-node.ts";
import { setTrust } from "./set-trust.ts";
import { refusalOf } from "./testing.ts";

let cluster: InstallCluster;
let isAway = false;
/** The folder of the node's definitions; the test's own, before the agent is asked. */
const folders: { root: string; of: OsFolders } = { root: "", of: new OsFolders([]) };

beforeAll(async () => {
  cluster = await openInstallCluster(async (options) => {
    const backend = new SimulatedBackend({ nodeName: options.nodeName, journal: Journal.inMemory(), behaviourOf: behaviourByName, workMs: 0, runsHostScripts: false, onVanish: () => undefined });
    const gone = (): Promise<never> => Promise.reject(new SlipwayError("internal", "It is away."));
    Object.assign(backend, { listOsDefinitions: () => (isAway ? gone() : folders.of.list()), readOsDefinition: (name: string) => folders.of.read(name) });
    const api = await startAgentApi({ ...options, host: "127.0.0.1", port: 0, backend, log: pino({ level: "silent" }) });
    return { address: api.address, vanish: () => api.close({ atOnce: true }), comeBack: () => Promise.resolve(), close: () => api.close({ atOnce: true }) };
  }, { controller: false });
  folders.root = path.join(cluster.test.home, "os");
  folders.of = new OsFolders([folders.root]);
  await makeFolder("legacy", "#!/bin/sh\n. $(dirname $0)/common.sh\n");
});
afterAll(() => cluster.close());

async function makeFolder(name: string, create: string): Promise<void> {
  const folder = path.join(folders.root, name);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, "ganeti_api_version"), "20\n");
  await writeFile(path.join(folder, "common.sh"), "true\n");
  await writeFile(path.join(folder, "create"), create);
  await chmod(path.join(folder, "create"), 0o755);
}

describe("a folder on a node", () => {
  test("is listed, and registered as the cluster's own, from that node, untrusted", async () => {
    expect(await listNodeFolders(cluster.admin, "node1")).toEqual({ folders: [{ name: "legacy", root: folders.root }] });
    const detail = await registerFromNode(cluster.admin, { name: "legacy", node: "node1" });
    expect(detail).toMatchObject({ owner: null, trusted: null, version: 1, versions: [{ registeredBy: "admin", source: "node node1" }] });
    expect(detail.files.map((file) => file.path)).toEqual(["common.sh", "create", "ganeti_api_version"]);
    expect((await readFile(cluster.admin, "legacy", 1, "create")).text).toContain("common.sh");
    expect(await cluster.services.db.auditEntry.findFirst({ where: { action: "os.register", objectName: "legacy" } })).toMatchObject({ actor: "admin", outcome: "done", details: { source: "node node1" } });
  });

  test("is the same version as long as nothing in it changes, and another one after, which isn't trusted", async () => {
    const one = await registerFromNode(cluster.admin, { name: "legacy", node: "node1" });
    expect(one.version).toBe(1);
    await setTrust(cluster.admin, "legacy", { trusted: true, digest: one.digest ?? "", reason: "has always been here" });
    await makeFolder("legacy", "#!/bin/sh\ntrue\n");
    expect(await registerFromNode(cluster.admin, { name: "legacy", node: "node1" })).toMatchObject({ version: 2, trusted: null });
  });

  test.each([
    ["a node that isn't there", "legacy", "nowhere", "unknown_object"],
    ["a folder that isn't there", "nothing", "node1", "unknown_object"],
    ["a name that leads elsewhere", "../legacy", "node1", "invalid"],
  ])("is refused with %s, and nothing is registered", async (_, name, node, code) => {
    const before = await cluster.services.db.osDefinition.count();
    expect(await refusalOf(registerFromNode(cluster.admin, { name, node }))).toMatchObject({ code });
    expect(await cluster.services.db.osDefinition.count()).toBe(before);
  });

  test("with a link out of the listed folders is refused, naming the file", async () => {
    await makeFolder("linked", "#!/bin/sh\n");
    await symlink("/etc/passwd", path.join(folders.root, "linked/variants.list"));
    expect(await refusalOf(registerFromNode(cluster.admin, { name: "linked", node: "node1" }))).toMatchObject({ code: "invalid", field: "variants.list" });
  });

  test("can't be asked for where the node doesn't answer as it should", async () => {
    isAway = true;
    expect((await refusalOf(listNodeFolders(cluster.admin, "node1"))).code).toBe("node_refused");
    await cluster.agent.vanish();
    expect((await refusalOf(registerFromNode(cluster.admin, { name: "legacy", node: "node1" }))).code).toBe("node_unreachable");
  });
});
