/**
 * A definition from its upload to its trust as people see it: its author looks at what it would do and registers it, an
 * administrator reads it, trusts it with a reason and withdraws that, and somebody else doesn't know of it.
 */
import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { chromium, type Browser, type Page } from "@playwright/test";
import { z } from "zod";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { writeTar } from "#lib/domain/write-tar.ts";
import { barriers, CHROMIUM, signIn } from "./browser.ts";
import { Client } from "./client.ts";
import { openStack } from "./stack.ts";

const stack = openStack(inject("upFile"));
const suffix = randomBytes(4).toString("hex");
const name = `made-${suffix}`;
const path = `/os-definitions/${name}`;
const author = { name: `author-${suffix}`, password: randomBytes(12).toString("base64url") };
const stranger = { name: `stranger-${suffix}`, password: randomBytes(12).toString("base64url") };
const token = randomBytes(16).toString("base64url");

/** An archive of a definition with both halves, whose host half says `words`. */
function archive(words: string, others: Readonly<Record<string, string>> = {}): { name: string; mimeType: string; buffer: Buffer } {
  const manifest = {
    title: "Made in a test",
    parameters: [
      { name: "motd", visibility: "public", type: "string", help: "What stands before the prompt." },
      { name: "token", visibility: "private", type: "password", help: "What it joins with." },
    ],
  };
  const files: Readonly<Record<string, string>> = {
    "create": `#!/bin/sh\necho ${words}\n`,
    "untrusted/create": "#!/bin/sh\nexit 0\n",
    "ganeti_api_version": "20\n",
    "variants.list": "small\nlarge\n",
    "slipway.json": JSON.stringify(manifest),
    ...others,
  };
  const entries = Object.entries(files).map(([file, text]) => ({ path: file, mode: /create$/.test(file) ? 0o755 : 0o644, content: Buffer.from(text) }));
  return { name: `${name}.tar.gz`, mimeType: "application/gzip", buffer: gzipSync(writeTar(entries)) };
}

describe("a definition at the console", () => {
  let browser: Browser;
  let asAuthor: Page;
  let asAdministrator: Page;
  let asStranger: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    const admin = Client.withPassword(stack.consoleUrl, stack.adminUser, stack.adminPassword);
    for (const account of [author, stranger]) await admin.call("POST", "/api/v1/users", z.object({ name: z.string() }), { ...account, role: "owner" });
    browser = await chromium.launch(CHROMIUM);
    asAuthor = await signIn(browser, stack, { user: author.name, password: author.password, problems });
    asAdministrator = await signIn(browser, stack, { user: stack.adminUser, password: stack.adminPassword, problems });
    asStranger = await signIn(browser, stack, { user: stranger.name, password: stranger.password, problems });
  });

  afterAll(async () => {
    await browser.close();
  });

  it("is refused with the name of the file that is wrong, and nothing that was typed is lost", async () => {
    await asAuthor.goto("/os-definitions");
    await asAuthor.getByRole("link", { name: "Upload a definition" }).click();
    await asAuthor.waitForURL("**/upload-definition");
    await asAuthor.getByLabel("Name", { exact: true }).fill(name);
    await asAuthor.getByLabel("Archive", { exact: true }).setInputFiles(archive("one", { "variants.list": "a b\u0001\n" }));
    await asAuthor.getByRole("alert").filter({ hasText: "variants.list" }).waitFor();
    expect(await asAuthor.getByLabel("Name", { exact: true }).inputValue()).toBe(name);
  });

  it("shows what it would do before anything is registered", async () => {
    await asAuthor.getByLabel("Archive", { exact: true }).setInputFiles(archive("one"));
    const register = asAuthor.getByRole("button", { name: `Register version 1 of ${name}` });
    await register.waitFor();
    const runs = asAuthor.getByRole("row", { name: /^create/ }).first();
    expect(await runs.innerText()).toMatch(/in the appliance.*host half runs nowhere/s);
    expect(await asAuthor.getByRole("row", { name: /^token private/ }).count()).toBe(1);
    expect(await barriers(asAuthor)).toEqual([]);
    const seen = await asStranger.goto(path);
    expect(seen?.status()).toBe(404);
    await register.click();
    await asAuthor.waitForURL(`**${path}`);
    await asAuthor.getByRole("heading", { name, level: 1 }).waitFor();
  });

  it("takes a second version after its differences were shown, and keeps both to be compared", async () => {
    await asAuthor.getByRole("link", { name: "New version" }).click();
    await asAuthor.getByLabel("Archive", { exact: true }).setInputFiles(archive("two \u202e"));
    await asAuthor.getByText("Changes since version 1").waitFor();
    await asAuthor.getByRole("button", { name: `Register version 2 of ${name}` }).click();
    await asAuthor.waitForURL(`**${path}`);
    await asAuthor.getByRole("link", { name: "Versions", exact: true }).click();
    await asAuthor.getByRole("button", { name: "Compare the two" }).click();
    await asAuthor.waitForURL(({ pathname, searchParams }) => pathname === `${path}/diff` && searchParams.get("from") === "1" && searchParams.get("to") === "2");
    await asAuthor.getByRole("cell", { name: "echo one" }).waitFor();
    // What turns text around is written out.
    await asAuthor.getByRole("cell", { name: "echo two ⟨U+202E⟩" }).waitFor();
    expect(await barriers(asAuthor)).toEqual([]);
  });

  it("shows the text of a file of any version at an address", async () => {
    await asAuthor.goto(`${path}/files?file=create&version=1`);
    await asAuthor.getByRole("group", { name: "Text of create" }).filter({ hasText: "echo one" }).waitFor();
    await asAuthor.getByText("which isn’t the current one").waitFor();
    expect(await barriers(asAuthor)).toEqual([]);
  });

  it("takes a private default that is shown as set, and never again as itself", async () => {
    await asAuthor.goto(`${path}/defaults?variant=small`);
    await asAuthor.getByRole("link", { name: "Set token" }).click();
    await asAuthor.getByRole("dialog").getByLabel(/^token/).fill(token);
    expect(await barriers(asAuthor)).toEqual([]);
    await asAuthor.getByRole("button", { name: "Set token" }).click();
    await asAuthor.getByRole("row", { name: /^token private set · fingerprint/ }).waitFor();
    await asAuthor.getByRole("dialog").waitFor({ state: "hidden" });
    for (const page of [asAuthor, asAdministrator]) {
      await page.goto(`${path}/defaults?variant=small`);
      expect(await page.content()).not.toContain(token);
    }
  });

  it("shows its author nothing of trust, and a stranger nothing at all", async () => {
    await asAuthor.goto(path);
    expect(await asAuthor.getByRole("navigation", { name: "About this definition" }).getByRole("link").allInnerTexts()).toEqual(["Overview", "Files", "Versions", "Defaults", "Access"]);
    await asAuthor.goto(`${path}/trust`);
    await asAuthor.getByText("This is for administrators").waitFor();
    await asStranger.goto(`/os-definitions?search=${name}`);
    await asStranger.getByText("No definition fits").waitFor();
  });

  it("is seen by those that it is shared with", async () => {
    await asAuthor.goto(`${path}/access`);
    await asAuthor.getByLabel("Share with", { exact: true }).fill(stranger.name);
    await asAuthor.getByRole("button", { name: `Share with ${stranger.name}` }).click();
    await asAuthor.getByRole("button", { name: `Stop sharing with ${stranger.name}` }).waitFor();
    expect(await barriers(asAuthor)).toEqual([]);
    await asStranger.goto(path);
    await asStranger.getByRole("heading", { name, level: 1 }).waitFor();
    expect(await asStranger.getByRole("link", { name: "New version" }).count()).toBe(0);
  });

  it("is trusted by an administrator with a reason and its name, and says so wherever its code would run", async () => {
    await asAdministrator.goto(`${path}/trust`);
    const trust = asAdministrator.getByRole("button", { name: `Trust version 2 of ${name}` });
    await asAdministrator.getByLabel("Reason").fill("Read, and it only says two");
    expect(await trust.isDisabled()).toBe(true);
    await asAdministrator.getByLabel(/to confirm/).fill(name);
    expect(await barriers(asAdministrator)).toEqual([]);
    await trust.click();
    await asAdministrator.getByRole("button", { name: `Withdraw trust from ${name}` }).waitFor();
    await asAdministrator.goto(`/os-definitions?search=${name}`);
    await asAdministrator.getByRole("row", { name: new RegExp(`${name}.*trusted by ${stack.adminUser} on \\d{4}-\\d\\d-\\d\\d`) }).waitFor();
    expect(await barriers(asAdministrator)).toEqual([]);
  });

  it("isn't trusted in another version than the one that was read", async () => {
    await asAdministrator.goto(`${path}/trust`);
    await asAdministrator.getByLabel("Reason").fill("No longer needed");
    await asAdministrator.getByLabel(/to confirm/).fill(name);
    await asAdministrator.getByRole("button", { name: `Withdraw trust from ${name}` }).click();
    await asAdministrator.getByText("nobody trusts this version").waitFor();
    await asAdministrator.getByLabel("Reason").fill("Read");
    await asAdministrator.getByLabel(/to confirm/).fill(name);
    await asAuthor.goto(`/upload-definition?name=${name}`);
    await asAuthor.getByLabel("Archive", { exact: true }).setInputFiles(archive("three"));
    await asAuthor.getByRole("button", { name: `Register version 3 of ${name}` }).click();
    await asAuthor.waitForURL(`**${path}`);
    // Told by the event, without a reload.
    await asAdministrator.getByText("Version 3 was registered while you were here").waitFor();
    expect(await asAdministrator.getByRole("button", { name: `Trust version 2 of ${name}` }).isDisabled()).toBe(true);
    await asAdministrator.getByRole("button", { name: "Take version 3 instead" }).click();
    expect(await asAdministrator.getByLabel("Reason").inputValue()).toBe("");
  });

  it("is deleted by its author after the name was typed", async () => {
    await asAuthor.goto(`${path}?do=delete`);
    await asAuthor.getByRole("dialog").getByLabel(/to confirm/).fill(name);
    expect(await barriers(asAuthor)).toEqual([]);
    await asAuthor.getByRole("dialog").getByRole("button", { name: `Delete ${name}` }).click();
    await asAuthor.waitForURL("**/os-definitions");
    expect((await asAdministrator.goto(path))?.status()).toBe(404);
  });

  it("leaves settings to administrators, who are told what each means", async () => {
    await asAdministrator.goto("/settings");
    await asAdministrator.getByRole("radio", { name: /^forbidden/ }).waitFor();
    expect(await barriers(asAdministrator)).toEqual([]);
    await asAdministrator.goto("/settings/parameters");
    await asAdministrator.getByText("only to the cluster’s own definitions").first().waitFor();
    expect(await barriers(asAdministrator)).toEqual([]);
    await asAuthor.goto("/settings");
    await asAuthor.getByText("This is for administrators").waitFor();
  });

  it("caused no error in a page", () => {
    expect(problems).toEqual([]);
  });
});
