import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import type { Sealed } from "#lib/domain/visibility.ts";
import { isSealed } from "#lib/domain/visibility.ts";
import { errorBody, RapiError } from "./errors.ts";
import { parseCreate } from "./parse-create.ts";
import { parseReinstall } from "./parse-reinstall.ts";
import { dumpJson } from "./python-json.ts";
import { RapiQuery } from "./query.ts";

const FIXTURES = path.join(import.meta.dirname, "fixtures");
const recordedBody = (name: string): unknown => JSON.parse(readFileSync(path.join(FIXTURES, `${name}.req`), "utf8").split("\n")[1] ?? "null");
const recordedAnswer = (name: string): string => readFileSync(path.join(FIXTURES, `${name}.json`), "utf8");

function refused(work: () => unknown): RapiError {
  try {
    work();
  } catch (error) {
    if (error instanceof RapiError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}
const opened = (value: Sealed<string> | undefined): unknown => (isSealed(value) ? value.open() : value);
const none = new RapiQuery("");

const good = { __version__: 1, mode: "create", name: "web-3", disk_template: "file", disks: [{ size: 1024 }], nics: [{}], os: "debian+trixie" };

describe("a request to create an instance", () => {
  test("is understood as Ganeti's clients send it", () => {
    const input = parseCreate(recordedBody("create_ok"));
    expect(input).toMatchObject({
      name: "inst10.example.test",
      osType: "tinyos+default",
      node: "node1.example.test",
      memoryMib: 128,
      vcpus: 1,
      disks: [{ sizeMib: 1024 }],
      nics: [{ ip: "10.77.1.11" }],
    });
    expect(input.parameters.public).toEqual({ dhcp: "no" });
    expect(opened(input.parameters.private["root_password"])).toBe("RAPIPRIVMARK");
    expect(opened(input.parameters.secret["token"])).toBe("RAPISECMARK");
    expect(JSON.stringify(input)).not.toMatch(/RAPI(PRIV|SEC)MARK/);
  });

  test.each([["e400_nover"], ["e400_ver2"], ["e400_unknownparam"]])("is refused in Ganeti's own bytes: %s", (name) => {
    const error = refused(() => parseCreate(recordedBody(name)));
    expect(`${dumpJson(errorBody(error))}\n`).toBe(recordedAnswer(name));
  });

  test("may name the instance and the system by either name, and not by both", () => {
    const { name, ...unnamed } = good;
    expect(parseCreate({ ...unnamed, instance_name: name }).name).toBe("web-3");
    expect(refused(() => parseCreate({ ...good, os_type: "debian" })).message).toBe("Parameter 'os' was renamed to 'os_type', but both are specified");
  });

  test.each([
    ["mode", { ...good, mode: "import" }],
    ["disks", { ...good, disks: "1024" }],
    ["nics", { ...good, nics: [{ color: "red" }] }],
    ["osparams_secret", { ...good, osparams_secret: { root_password: ["x"] } }],
    ["osparams_secret", { ...good, osparams_secret: { root_password: 2 ** 60 } }],
    ["start", { ...good, start: 1 }],
  ])("with a wrong %s is refused in the words that Ganeti has for it", (field, body) => {
    expect(refused(() => parseCreate(body)).message).toBe(`Invalid body parameters: ("Parameter 'OP_INSTANCE_CREATE.${field}' fails validation", 'wrong_input')`);
  });

  test.each([
    ["osparams_secret.root_password", { ...good, osparams_secret: { root_password: "********" } }],
    ["instance_name", { ...good, name: "Not A Name" }],
    ["disks[0].size", { ...good, disks: [{ size: 0 }] }],
  ])("is refused with the field as the client named it: %s", (field, body) => {
    expect(refused(() => parseCreate(body)).message).toContain(`${field}: `);
  });

  test.each([
    ["no_install", true],
    ["hvparams", { kernel_path: "/x" }],
    ["hypervisor", "xen-pvm"],
    ["src_path", "/x"],
  ])("that asks for what can't be done here is refused, not half carried out: %s", (field, value) => {
    expect(refused(() => parseCreate({ ...good, [field]: value })).message).toContain(`'${field}'`);
  });

  test("takes sizes with units", () => {
    const input = parseCreate({ ...good, disks: [{ size: "1.5G" }, { size: "2048m" }], beparams: { memory: "1G" } });
    expect(input.disks.map(({ sizeMib }) => sizeMib)).toEqual([1536, 2048]);
    expect(input.memoryMib).toBe(1024);
  });

  test.each([[null, "NoneType"], [[1], "list"], ["x", "str"], [1, "int"]])("that is %j is no request", (body, type) => {
    expect(refused(() => parseCreate(body)).message).toBe(`Body contents: Type is '${type}', but 'dict' is expected`);
  });
});

describe("what an instance is installed from", () => {
  const digest = "a".repeat(64);

  test("is said by fields of ours", () => {
    const source = {
      os_image: "https://images.test/a.qcow2.xz",
      os_image_format: "qcow2.xz",
      os_image_checksum: `SHA256:${digest}`,
      install_params: { boot_order: "cdrom" },
      personalization_package: "https://packages.test/a.tgz",
      personalization_package_user: "rapi-user",
      personalization_package_password: "rapi-password-canary",
    };
    const wanted = { image: { location: "https://images.test/a.qcow2.xz", format: "qcow2", compression: "xz", checksum: { sha256: digest } }, installParameters: { boot_order: "cdrom" }, package: { url: "https://packages.test/a.tgz" } };
    const { os: _os, ...bare } = good;
    expect(parseCreate({ ...bare, ...source, in_place: true })).toMatchObject({ osType: null, ...wanted });
    const input = parseReinstall({ ...source, in_place: true }, none);
    expect(input).toMatchObject({ ...wanted, inPlace: true });
    expect(opened(input.package?.password)).toBe("rapi-password-canary");
    expect(JSON.stringify(input)).not.toContain("rapi-password-canary");
  });

  test("has its image among the OS parameters where Ganeti has it", () => {
    const input = parseReinstall({ osparams: { "os-image": "/srv/images/a.img", dhcp: "no" } }, none);
    expect(input).toMatchObject({ image: { location: "/srv/images/a.img", format: "raw", compression: "none" }, parameters: { public: { dhcp: "no" } } });
    expect(input.parameters.public["os-image"]).toBeUndefined();
    expect(parseReinstall({ osparams: { "os-image": "/srv/a.img" }, os_image: "/srv/b.img" }, none).image?.location).toBe("/srv/b.img");
  });

  test("is none where that is said, and as it was where nothing is", () => {
    expect(parseReinstall({ os_image: "", install_params: {}, personalization_package: "" }, none)).toMatchObject({ image: null, installParameters: null, package: null });
    expect(Object.keys(parseReinstall({}, none))).not.toEqual(expect.arrayContaining(["image"]));
  });

  test.each([
    ["os_image", { os_image: "ftp://images.test/a.img" }],
    ["os_image", { os_image: "https://user:password@images.test/a.img" }],
    ["os_image_format", { os_image: "/srv/a.img", os_image_format: "vmdk" }],
    ["os_image_checksum", { os_image: "/srv/a.img", os_image_checksum: "md5:00" }],
    ["os_image_checksum", { os_image_checksum: `sha256:${digest}` }],
    ["install_params", { install_params: { cdrom: "/srv/a.iso" } }],
    ["personalization_package", { personalization_package: "/srv/a.tgz" }],
    ["personalization_package_password", { personalization_package: "https://packages.test/a.tgz", personalization_package_user: "user" }],
    ["personalization_package_password", { personalization_package_password: "rapi-password-canary" }],
  ])("is refused by its own name, and what it held isn't said: %s", (field, body) => {
    const { message } = refused(() => parseReinstall(body, none));
    expect(message).toContain(field);
    expect(message).not.toContain("canary");
    expect(message).not.toContain("user:password");
  });
});

describe("a request to reinstall an instance", () => {
  test("takes all three classes of parameter", () => {
    const input = parseReinstall({ osparams: { a: "1" }, osparams_private: { b: "two-two" }, osparams_secret: { c: "three-three" } }, none);
    expect(input.parameters.public).toEqual({ a: "1" });
    expect(opened(input.parameters.private["b"])).toBe("two-two");
    expect(opened(input.parameters.secret["c"])).toBe("three-three");
  });

  test("may switch safe install off, as a creation may", () => {
    expect(parseReinstall({ enable_safe_install: false }, none).safeInstall).toBe(false);
    expect(parseReinstall({}, none).safeInstall).toBeUndefined();
    expect(parseCreate({ ...good, enable_safe_install: false }).safeInstall).toBe(false);
  });

  test("leaves the power as it was unless it says something of it", () => {
    expect(parseReinstall(null, none).start ?? null).toBeNull();
    expect(parseReinstall({}, none).start).toBeNull();
    expect(parseReinstall({ start: false }, none).start).toBe(false);
  });

  test("may come in the older form, and not in both", () => {
    expect(parseReinstall(null, new RapiQuery("os=debian%2Btrixie&nostartup=1"))).toMatchObject({ osType: "debian+trixie", start: false });
    expect(refused(() => parseReinstall({}, new RapiQuery("os=debian"))).message).toBe("Can't combine query and body parameters");
  });

  test("may have a reason beside its body, as Ganeti's client sends it", () => {
    expect(parseReinstall({ os: "debian+trixie" }, new RapiQuery("reason=because")).osType).toBe("debian+trixie");
  });

  test("with a field that isn't known is refused", () => {
    expect(refused(() => parseReinstall({ osparam: {} }, none)).message).toBe("Invalid body parameters: Object OpInstanceReinstall doesn't support the parameter 'osparam'");
  });
});
