import { describe, expect, test } from "vitest";
import { definitionWarnings } from "./definition-warnings.ts";
import { parseDefinition } from "./os-definition-files.ts";

const file = (path: string, content: string, mode = 0o644) => ({ path, mode, content: Buffer.from(content) });
const version = file("ganeti_api_version", "20\n");
const create = file("untrusted/create", "#!/bin/sh\n", 0o755);

describe("what to look at before a definition is registered", () => {
  test("is nothing where all is as it should be", () => {
    const declared = file("slipway.json", '{"parameters":[{"name":"size"}]}');
    expect(definitionWarnings(parseDefinition([version, create, declared, file("parameters.list", "size how large\n"), file("variants.list", "plain\n")]))).toEqual([]);
  });

  test("is nothing for a program", () => {
    expect(definitionWarnings(parseDefinition([version, file("untrusted/create", "\x7fELF\x02\x01", 0o755)]))).toEqual([]);
  });

  test.each([
    ["a script that isn't executable", [version, create, file("untrusted/rename", "#!/bin/sh\n")], "untrusted/rename isn't executable, so it isn't a script of this definition."],
    ["a script that nothing says the program of", [version, file("untrusted/create", "echo hello\n", 0o755)], "untrusted/create doesn't begin with #! and isn't an ELF program, so it can't be started."],
    ["an empty script", [version, create, file("untrusted/verify", "", 0o755)], "untrusted/verify doesn't begin with #! and isn't an ELF program, so it can't be started."],
    ["another version of the interface", [file("ganeti_api_version", "10\n15\n"), create], "ganeti_api_version hasn't 20, the one version that scripts are run with."],
    ["nothing that installs", [version, file("untrusted/export", "#!/bin/sh\n", 0o755)], "It has no create script, so no instance can be installed with it."],
    ["a host half alone", [version, file("create", "#!/bin/sh\n", 0o755)], "Its create script is in the host half only: it installs nothing until an administrator trusts it."],
    ["a list without variants", [version, create, file("variants.list", "# none\n")], "variants.list names no variant."],
    ["parameters without a class", [version, create, file("parameters.list", "admin_password of the administrator\nsize\n")], "Parameters that parameters.list names and slipway.json doesn't are public, their values stored and shown as they are: admin_password, size."],
  ])("is %s", (_, files, warning) => {
    expect(definitionWarnings(parseDefinition(files))).toEqual([warning]);
  });

  test("is short, however many there are", () => {
    const [warning = ""] = definitionWarnings(parseDefinition([version, create, file("parameters.list", Array.from({ length: 100 }, (_, n) => `p${n}`).join("\n"))]));
    expect(warning).toMatch(/p11 and 88 more\.$/);
  });
});
