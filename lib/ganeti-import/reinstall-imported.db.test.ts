import { afterAll, beforeAll, expect, test } from "vitest";
import { startSimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import { parseGanetiConfig } from "#lib/domain/ganeti-config.ts";
import type { InstallCluster } from "#lib/installs/testing.ts";
import { ended, openInstallCluster } from "#lib/installs/testing.ts";
import { deleteInstance } from "#lib/instances/delete-instance.ts";
import { getInstance } from "#lib/instances/get-instance.ts";
import { reinstallInstance } from "#lib/instances/reinstall-instance.ts";
import { reinstallInputSchema } from "#lib/instances/schemas.ts";
import { importGaneti } from "./import-ganeti.ts";
import { configJson, instanceJson, uuidOf } from "./testing-config.ts";

let cluster: InstallCluster;
beforeAll(async () => {
  cluster = await openInstallCluster(startSimulatedAgent);
});
afterAll(() => cluster.close());

test("an imported instance of which the node's agent knows nothing can be deleted", async () => {
  const instance = instanceJson(2, { name: "gone1.example.test", os: "" });
  const config = parseGanetiConfig(configJson([instance], { nodes: { [uuidOf(1)]: { name: "node1" } } }));
  await importGaneti(cluster.admin, { config, osDirectories: [], roots: [], apply: true });
  const { jobId } = await deleteInstance(cluster.admin, "gone1.example.test");
  expect((await ended(cluster.admin, jobId)).status).toBe("success");
});

test("an imported instance is installed anew with the private parameters that it had, once its node's agent is there", async () => {
  const instance = instanceJson(1, { name: "web1.example.test", os: "testos+plain", osparams: { suffix: ".example.org" }, osparams_private: { admin_password: "private-from-ganeti" } });
  const config = parseGanetiConfig(configJson([instance], { nodes: { [uuidOf(1)]: { name: "node1" } } }));
  const plan = await importGaneti(cluster.admin, { config, osDirectories: [], roots: [], apply: true });
  expect(plan.skip.map(({ subject, name }) => `${subject} ${name ?? ""}`)).toEqual(["node node1"]);
  expect(plan.askedFor).toEqual([{ definition: "testos", names: ["root_password"] }]);
  expect(await getInstance(cluster.admin, "web1.example.test")).toMatchObject({ status: "not_installed", node: "node1" });

  // Its secret was never in the file: it is asked for by name.
  await expect(reinstallInstance(cluster.admin, "web1.example.test", reinstallInputSchema.parse({}))).rejects.toMatchObject({ names: ["root_password"] });
  const sent = reinstallInputSchema.parse({ parameters: { secret: { root_password: "secret-at-reinstall" } } });
  const { jobId } = await reinstallInstance(cluster.admin, "web1.example.test", sent);
  expect((await ended(cluster.admin, jobId)).status).toBe("success");

  const after = await getInstance(cluster.admin, "web1.example.test");
  expect(after).toMatchObject({ status: "running", osType: "testos+plain" });
  expect(after.parameters.map(({ name, visibility }) => `${name} ${visibility}`)).toEqual(["admin_password private", "root_password secret", "suffix public"]);
});
