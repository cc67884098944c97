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
