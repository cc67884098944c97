import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startSimulatedAgent } from "#agent/simulated/start-simulated-agent.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { getInstance } from "#lib/instances/get-instance.ts";
import { previewCreate } from "#lib/instances/preview-create.ts";
import { previewReinstall } from "#lib/instances/preview-reinstall.ts";
import { reinstallInstance } from "#lib/instances/reinstall-instance.ts";
import { previewCreateInputSchema, previewReinstallInputSchema, reinstallInputSchema } from "#lib/instances/schemas.ts";
import { getJob } from "#lib/jobs/get-job.ts";
import { modifyCluster } from "#lib/cluster/modify-cluster.ts";
import type { OrderBench } from "./testing-orders.ts";
import { everyRow, growAppliance, openOrderBench } from "./testing-orders.ts";

let bench: OrderBench;
let rootDigest: string;
beforeAll(async () => {
  bench = await openOrderBench(startSimulatedAgent);
  rootDigest = await growAppliance(bench.services);
});
afterAll(() => bench.cluster.close());
beforeEach(async () => {
  await bench.nodeIs();
  bench.probes.length = 0;
  bench.pushed.clear();
});

const image = (name: string) => ({ location: `https://images.test/${name}.qcow2`, format: "qcow2" });
const archive = { url: "https://packages.test/web.tar.gz" };
const credentials = { username: "package-user-canary", password: "package-password-canary" };
const bare = { osType: null, parameters: {} };
const sent = (input: Record<string, unknown> = {}) => reinstallInputSchema.parse(input);
const reinstall = async (name: string, input: Record<string, unknown> = {}) => bench.sendOut(await reinstallInstance(bench.admin, name, sent(input)));
const orderOf = (ids: { readonly installId: string }) => {
  const order = bench.orders.get(ids.installId);
  if (order === undefined) throw new Error("no order");
  return order;
};

describe("an install without an OS definition", () => {
  it("goes out with its image alone: no scripts, no appliance, and nothing for the node to have before", async () => {
    const ids = await bench.create("image.test", { ...bare, image: { ...image("a"), checksum: { sha256: "a".repeat(64) } } });
    expect(orderOf(ids)).toMatchObject({ operation: "create", os: null, appliance: null, medium: {}, package: null, completion: "written", inPlace: false, image: { ...image("a"), compression: "none", checksum: { sha256: "a".repeat(64) }, contentChecksum: null } });
    expect([...bench.pushed]).toEqual([]);
    await bench.done(ids);
    expect(await getInstance(bench.admin, "image.test")).toMatchObject({ status: "running", osType: null, installSource: { image: image("a"), medium: {}, package: null } });
  });

  it("passes parameters on in the class in which they were sent, looked at for their syntax alone", async () => {
    const parameters = { public: { anything: "goes" }, private: { token: "private-canary" }, secret: { password: "secret-canary" } };
    const ids = await bench.create("classes.test", { osType: null, image: image("a"), parameters });
    const found = [...orderOf(ids).parameters].map(([name, { visibility }]) => [name, visibility]);
    expect(found).toEqual([["anything", "public"], ["password", "secret"], ["token", "private"]]);
    await expect(bench.create("mask.test", { osType: null, image: image("a"), parameters: { public: { twice: "1" }, secret: { twice: "secret-canary" } } })).rejects.toMatchObject({ code: "invalid" });
  });

  it("asks nobody for the secrets of the definition that an image comes in the place of", async () => {
    const first = await bench.create("was-debian.test");
    await bench.done(first);
    const ids = await reinstall("was-debian.test", { osType: null, image: image("b") });
    expect([...orderOf(ids).parameters]).toEqual([]);
    await bench.done(ids);
    expect(await getInstance(bench.admin, "was-debian.test")).toMatchObject({ osType: null, parameters: [], previous: { osType: "testos+plain" } });
  });

  it("is refused where there is nothing to install from", async () => {
    await expect(bench.create("nothing.test", bare)).rejects.toMatchObject({ code: "invalid", field: "osType" });
    await expect(bench.create("nothing.test", { ...bare, package: archive })).rejects.toMatchObject({ code: "invalid", field: "osType" });
  });
});

describe("what an instance was installed from", () => {
  it("is used again at a reinstall, and replaced with success only", async () => {
    await bench.done(await bench.create("again.test", { ...bare, image: image("a") }));
    const other = await reinstall("again.test", { image: image("b"), installParameters: { boot_order: "disk" } });
    expect(orderOf(other)).toMatchObject({ image: image("b"), medium: { boot_order: "disk" }, completion: "first_boot", timeoutSeconds: 7_200 });
    await bench.says(other, "failed");
    expect((await getInstance(bench.admin, "again.test")).installSource).toMatchObject({ image: image("a"), medium: {} });
    const same = await reinstall("again.test");
    expect(orderOf(same)).toMatchObject({ image: image("a"), medium: {} });
    await bench.says(same, "failed");
    const changed = await reinstall("again.test", { image: image("b") });
    await bench.done(changed);
    expect((await getInstance(bench.admin, "again.test")).installSource).toMatchObject({ image: image("b") });
  });

  it("is only what was asked for: a definition's own image counts as it is at each install", async () => {
    const { db } = bench.services;
    const set = (location: string) => db.$executeRaw`UPDATE os_definition_version SET manifest = jsonb_set(manifest, '{defaultImage}', ${JSON.stringify({ location, format: "raw", compression: "none", checksum: null })}::jsonb)`;
    await set("https://images.test/one.img");
    const ids = await bench.create("default.test");
    expect(orderOf(ids)).toMatchObject({ image: { location: "https://images.test/one.img" }, os: { places: ["appliance"] }, completion: "reported" });
    await bench.done(ids);
    await set("https://images.test/two.img");
    const secrets = { parameters: { secret: { root_password: "root-canary-2" } } };
    const next = await reinstall("default.test", secrets);
    expect(orderOf(next).image?.location).toBe("https://images.test/two.img");
    await bench.done(next);
    const without = await reinstall("default.test", { ...secrets, image: null });
    expect(orderOf(without).image).toBeNull();
    await bench.done(without);
    expect(orderOf(await reinstall("default.test", secrets)).image).toBeNull();
    await db.$executeRaw`UPDATE os_definition_version SET manifest = manifest - 'defaultImage'`;
  });
});

describe("a package", () => {
  it("brings the full userland, and may come from where the cluster's administrator says", async () => {
    await modifyCluster(bench.admin, { privateSources: ["packages.internal"], eraseDisks: true });
    const ids = await bench.create("package.test", { ...bare, image: image("a"), package: { ...archive, checksum: { sha256: "b".repeat(64) } } });
    expect(orderOf(ids)).toMatchObject({ appliance: { rootDigest, contract: 2 }, package: { ...archive, checksum: { sha256: "b".repeat(64) }, credentials: null }, allowPrivate: ["packages.internal"], erase: true });
    expect(bench.pushed).toContain(rootDigest);
    await modifyCluster(bench.admin, { privateSources: [], eraseDisks: false });
  });

  it("has its user name and password in the order, and in no row, job, log or event", async () => {
    const ids = await bench.create("credentials.test", { ...bare, image: image("a"), package: { ...archive, ...credentials } });
    expect(orderOf(ids).package?.credentials?.open()).toBe(`${credentials.username}:${credentials.password}`);
    expect((await getJob(bench.admin, ids.jobId)).secretNames).toEqual(["package:username", "package:password"]);
    expect((await getJob(bench.admin, ids.jobId)).ops[0]).toMatchObject({ os_image: image("a").location, os_image_format: "qcow2", personalization_package: archive.url });
    expect(bench.services.vault.get(ids.jobId)?.size).toBe(2);
    await bench.done(ids);
    const rows = await everyRow(bench.services);
    for (const canary of Object.values(credentials)) {
      for (const form of [canary, Buffer.from(canary).toString("base64"), Buffer.from(canary).toString("hex")]) {
        expect(rows).not.toContain(form);
        expect(bench.cluster.test.logged()).not.toContain(form);
      }
    }
    expect(rows).toContain(archive.url);
    expect((await getInstance(bench.admin, "credentials.test")).installSource.package).toEqual({ ...archive, checksum: null, needsCredentials: true });
  });

  it("asks for them again at a reinstall, by name, unless it is left out", async () => {
    const count = await bench.services.db.job.count();
    await expect(reinstall("credentials.test")).rejects.toMatchObject({ code: "missing_secret", field: "package", names: ["package:username", "package:password"] });
    expect(await bench.services.db.job.count()).toBe(count);
    const preview = await previewReinstall(bench.admin, "credentials.test", previewReinstallInputSchema.parse({}));
    expect(preview).toMatchObject({ needsPackageCredentials: true, plan: { package: { needsCredentials: true } } });
    const ids = await reinstall("credentials.test", { package: { ...archive, ...credentials } });
    expect(orderOf(ids).package?.credentials?.open()).toBe(`${credentials.username}:${credentials.password}`);
    await bench.says(ids, "failed");
    await bench.says(await reinstall("credentials.test", { package: null }), "failed");
  });

  it("isn't ordered by a process that doesn't hold them: the job fails and says what to send again", async () => {
    const accepted = await reinstallInstance(bench.admin, "credentials.test", sent({ package: { ...archive, ...credentials } }));
    bench.services.vault.drop(accepted.jobId);
    await bench.sendOut(accepted);
    expect(await getJob(bench.admin, accepted.jobId)).toMatchObject({ status: "error", error: { code: "process_lost", message: expect.stringContaining("package:password, package:username") as unknown } });
  });

  it.each([
    ["a password in its address", { url: "https://user:password@packages.test/a.tgz" }],
    ["another kind of archive", { url: "https://packages.test/a.zip" }],
    ["a path of the node", { url: "/etc/shadow.tgz" }],
    ["a user name alone", { ...archive, username: "user" }],
    ["a mask for a password", { ...archive, username: "user", password: "********" }],
    ["a colon in the user name", { ...archive, username: "a:b", password: "password" }],
    ["a line end in the password", { ...archive, username: "user", password: "pass\r\nword" }],
  ])("is refused with %s", (_, input) => {
    const parsed = reinstallInputSchema.safeParse({ package: input });
    expect(parsed.success).toBe(false);
    expect(JSON.stringify(parsed.error?.issues)).not.toContain("pass\\r");
  });
});

describe("a preview", () => {
  const preview = (input: object) => previewCreate(bench.admin, previewCreateInputSchema.parse({ osType: null, image: image("a"), ...input }));

  it("shows what the node found of image, medium and package", async () => {
    bench.probe = () =>
      Promise.resolve({
        findings: [
          { field: "image", ok: true, text: "The image has 300 MiB.", bytes: 1, virtualBytes: 314_572_800 },
          { field: "medium.cdrom_image_path", ok: false, text: "The server answers 404.", bytes: null, virtualBytes: null },
          { field: "package", ok: true, text: "The package has 1 MiB.", bytes: 1_048_576, virtualBytes: null },
        ],
      });
    const { checks, plan } = await preview({ installParameters: { cdrom_image_path: "https://images.test/a.iso" }, package: { ...archive, ...credentials } });
    expect(checks).toEqual(expect.arrayContaining([
      { id: "image", ok: true, text: "The image has 300 MiB." },
      { id: "medium", ok: false, text: "The server answers 404." },
      { id: "package", ok: true, text: "The package has 1 MiB." },
    ]));
    expect(plan).toMatchObject({ completion: "first_boot", image: image("a"), package: { needsCredentials: true } });
    expect(bench.probes[0]?.package?.credentials?.open()).toBe(`${credentials.username}:${credentials.password}`);
    expect(await everyRow(bench.services)).not.toContain(credentials.password);
  });

  it("says that an image is larger than the disk", async () => {
    bench.probe = () => Promise.resolve({ findings: [{ field: "image", ok: true, text: "The image can be read.", bytes: 1, virtualBytes: 4_096 * 1_048_576 }] });
    expect((await preview({ diskMib: 2_048 })).checks).toContainEqual({ id: "image", ok: false, text: "The image takes 4096 MiB, and the first disk has 2048 MiB." });
  });

  it("doesn't fail where the node doesn't answer: that is a finding", async () => {
    bench.probe = () => Promise.reject(new SlipwayError("node_unreachable", "no answer"));
    expect((await preview({})).checks).toContainEqual({ id: "image", ok: false, text: "Node node1 has not said whether it can be reached." });
  });

  it("asks nobody where there is nothing to reach, where it isn't to, and for a package without its password", async () => {
    bench.probe = () => Promise.reject(new Error("asked"));
    await preview({ probe: false });
    await previewCreate(bench.admin, previewCreateInputSchema.parse({ osType: "testos+plain" }));
    const { checks } = await previewReinstall(bench.admin, "credentials.test", previewReinstallInputSchema.parse({ image: null, osType: "testos+plain" }));
    expect(checks.find(({ id }) => id === "package")).toMatchObject({ ok: true });
  });
});
