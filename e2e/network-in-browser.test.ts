/**
 * Networks, the channel and metadata as people see them: an administrator makes a network, and sees who has which address of it;
 * an instance says how it is reached and by what it is known; what it and its host have to say to each other comes in as it is said.
 * Addresses are had by an instance of a simulated node, whose guest says what it is told to; SSH answers on the stack's own sample.
 */
import { execFile } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { chromium, type Browser, type Locator, type Page } from "@playwright/test";
import { z } from "zod";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { writeTar } from "#lib/domain/write-tar.ts";
import { barriers, CHROMIUM, overflows, signIn, visit } from "./browser.ts";
import { acceptedSchema, Client } from "./client.ts";
import { addSimulatedNode, jobSucceeds } from "./simulated-node.ts";
import type { SimulatedNode } from "./simulated-node.ts";
import { openStack } from "./stack.ts";

const run = promisify(execFile);
const stack = openStack(inject("upFile"));
const suffix = randomBytes(4).toString("hex");
const owner = { name: `owner-${suffix}`, password: randomBytes(12).toString("base64url") };
/** On the simulated node, and the one that `up` has installed. */
const instance = `said-${suffix}`;
const SAMPLE = "debian-1";
const definition = `nothing-${suffix}`;
const network = `lan-${suffix}`;
const net = `198.18.${randomInt(256)}`;
const networkPath = `/networks/${network}`;
const communicationPath = `/instances/${instance}/communication`;
/** As nobody may ever be shown it. */
const userData = [`#!/bin/sh\n# ${randomBytes(16).toString("base64url")}\n`, `#cloud-config\n# ${randomBytes(16).toString("base64url")}\n`] as const;
const SSH_MS = 60_000;

const jobSchema = z.object({ jobId: z.number() });
const instanceSchema = z.object({
  id: z.string(),
  communication: z.boolean(),
  sshKeys: z.array(z.string()),
  nics: z.array(z.object({ mode: z.string(), reach: z.array(z.object({ guestPort: z.number(), host: z.string(), port: z.number() })) })),
});

describe("networks and channels at the console", () => {
  const admin = Client.withPassword(stack.consoleUrl, stack.adminUser, stack.adminPassword);
  const asOwner = Client.withPassword(stack.consoleUrl, owner.name, owner.password);
  const problems: string[] = [];
  let browser: Browser;
  let page: Page;
  let owners: Page;
  let node: SimulatedNode;
  let folder: string;

  const read = (name: string) => admin.call("GET", `/api/v1/instances/${name}`, instanceSchema);
  /** A way through a page's own button to a dialog. */
  const ask = async (on: Page, opener: Locator): Promise<Locator> => {
    await opener.click();
    const dialog = on.getByRole("dialog");
    await dialog.waitFor();
    return dialog;
  };
  const send = async (dialog: Locator, button: string | RegExp): Promise<void> => {
    await dialog.getByRole("button", { name: button }).click();
    await dialog.waitFor({ state: "hidden" });
  };
  /** A key pair of the name, made as people make theirs: the public line, and what ssh-keygen says of it. */
  const makeKey = async (name: string): Promise<{ readonly line: string; readonly fingerprint: string }> => {
    const file = path.join(folder, name);
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file]);
    return { line: (await readFile(`${file}.pub`, "utf8")).trim(), fingerprint: await fingerprintOf(`${file}.pub`) };
  };
  const fingerprintOf = async (file: string): Promise<string> => /SHA256:\S+/.exec((await run("ssh-keygen", ["-l", "-f", file])).stdout)?.[0] ?? "";

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "slipway-keys-"));
    await admin.call("POST", "/api/v1/users", z.object({ name: z.string() }), { ...owner, role: "owner" });
    const files = [{ path: "untrusted/create", mode: 0o755, content: Buffer.from("#!/bin/sh\nexit 0\n") }, { path: "ganeti_api_version", mode: 0o644, content: Buffer.from("20\n") }];
    const upload = await admin.sendRaw("POST", `/api/v1/os-definitions/${definition}/versions`, { type: "application/x-tar", content: new Uint8Array(writeTar(files)) });
    expect(upload.status).toBe(201);
    [browser, node] = await Promise.all([chromium.launch(CHROMIUM), addSimulatedNode(stack, admin, `node-${suffix}`)]);
    const order = { name: instance, osType: definition, node: node.name, owner: owner.name, memoryMib: 128, disks: [{ sizeMib: 64 }] };
    const { installId } = await admin.call("POST", "/api/v1/instances", acceptedSchema, order);
    expect(await admin.follow(installId)).toMatchObject({ state: "done" });
    page = await signIn(browser, stack, { user: stack.adminUser, password: stack.adminPassword, problems });
    owners = await signIn(browser, stack, { user: owner.name, password: owner.password, problems });
  });

  afterAll(async () => {
    await browser.close();
    const { jobId } = await admin.call("DELETE", `/api/v1/instances/${instance}`, jobSchema);
    await jobSucceeds(admin, jobId);
    await admin.send("DELETE", `/api/v1/os-definitions/${definition}`);
    await node.remove();
    await rm(folder, { recursive: true });
  });

  it("make a network, and say beside the field what is wrong with it", async () => {
    await visit(page, "/networks");
    await page.getByRole("link", { name: "New network" }).click();
    await page.waitForURL("**/new-network");
    await page.getByLabel("Name", { exact: true }).fill(network);
    await page.getByLabel("Subnet", { exact: true }).fill(`${net}.7/24`);
    await page.getByLabel("Bridge", { exact: true }).fill("br0");
    await page.getByLabel("Gateway", { exact: true }).fill(`${net}.1`);
    const make = page.getByRole("button", { name: `Make ${network}` });
    await make.click();
    await page.locator("#network-subnet-error").filter({ hasText: `the subnet is ${net}.0/24` }).waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.getByLabel("Subnet", { exact: true }).fill(`${net}.0/24`);
    await make.click();
    await page.waitForURL(`**${networkPath}`);
    await page.getByText("3 of 256 taken, 3 of them reserved").waitFor();
    await page.getByRole("row", { name: `${net}.1 reserved gateway` }).waitFor();
    // What the network itself needs is nobody's to release.
    expect(await page.getByRole("link", { name: /^Release/ }).count()).toBe(0);
  });

  it("reserve a range with the reason, and release a part of it", async () => {
    const reserve = await ask(page, page.getByRole("button", { name: "Reserve addresses" }));
    await reserve.getByLabel("First address").fill(`${net}.10`);
    await reserve.getByLabel("Last address").fill("203.0.113.1");
    await reserve.getByLabel("Note").fill("printers");
    await reserve.getByRole("button", { name: /^Reserve/ }).click();
    await reserve.getByRole("alert").waitFor();
    expect(await reserve.getByLabel("Note").inputValue()).toBe("printers");
    await reserve.getByLabel("Last address").fill(`${net}.14`);
    await reserve.getByRole("alert").waitFor({ state: "detached" });
    expect(await barriers(page)).toEqual([]);
    await send(reserve, `Reserve ${net}.10 to ${net}.14`);
    await page.getByRole("row", { name: `${net}.10 to ${net}.14 5 addresses reserved printers` }).waitFor();
    const release = await ask(page, page.getByRole("link", { name: `Release ${net}.10 to ${net}.14` }));
    await release.getByLabel("Last address").fill(`${net}.12`);
    await send(release, `Release ${net}.10 to ${net}.12`);
    await page.getByRole("row", { name: `${net}.13 to ${net}.14 2 addresses reserved printers` }).waitFor();
    await page.getByText("5 of 256 taken, 5 of them reserved").waitFor();
  });

  it("give the NIC of an instance an address, which the network's page says at once", async () => {
    const beside = await page.context().newPage();
    await visit(beside, `/instances/${instance}/hardware`);
    const nics = await ask(beside, beside.getByRole("link", { name: "Edit the NICs" }));
    expect(await nics.getByRole("button", { name: "Change the NICs" }).isDisabled()).toBe(true);
    await nics.getByLabel("NIC 0", { exact: true }).selectOption(network);
    await nics.getByLabel("IP address").fill(`${net}.13`);
    await nics.getByRole("button", { name: "Change the NICs" }).click();
    await nics.locator("#nic-0-ip-error").filter({ hasText: `is an address of network ${network} that is reserved` }).waitFor();
    await nics.getByLabel("IP address").fill("");
    await send(nics, "Change the NICs");
    await beside.getByRole("row", { name: new RegExp(`${net}\\.2.*${network}.*bridged on br0`) }).waitFor();
    await beside.close();
    // By the event: nobody has loaded this page anew.
    await page.getByRole("row", { name: `${net}.2 NIC ${instance}` }).waitFor();
    await page.getByLabel("Held by").selectOption("NIC");
    await page.waitForURL("**?holder=nic");
    await expect.poll(() => page.getByRole("group", { name: "Addresses" }).getByRole("row").count()).toBe(2);
    expect(await barriers(page)).toEqual([]);
  });

  it("don't delete the network as long as somebody has an address of it", async () => {
    await page.getByRole("button", { name: "Actions" }).click();
    const item = page.getByRole("menuitem", { name: "Delete An instance has an address of it" });
    expect(await item.getAttribute("aria-disabled")).toBe("true");
    expect(await barriers(page)).toEqual([]);
    await item.click({ force: true });
    expect(await page.getByRole("dialog").count()).toBe(0);
    await page.keyboard.press("Escape");
    expect(await admin.refused("DELETE", `/api/v1${networkPath}`)).toMatchObject({ status: 409, code: "conflict" });
  });

  it("are closed to an owner, who sees of the instance's own NIC what it is in", async () => {
    for (const closed of ["/networks", networkPath, "/new-network", "/settings"]) {
      await visit(owners, closed);
      await owners.getByText("This is for administrators").waitFor();
      expect(await owners.content()).not.toContain(`${net}.`);
    }
    expect(await owners.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Networks" }).count()).toBe(0);
    for (const [method, body] of [["GET", undefined], ["DELETE", undefined], ["PATCH", { link: "br1" }]] as const) {
      expect(await asOwner.refused(method, `/api/v1${networkPath}`, body)).toMatchObject({ status: 403 });
    }
    await visit(owners, `/instances/${instance}/hardware?do=nics`);
    const row = owners.getByRole("row", { name: new RegExp(`${net}\\.2.*${network}`) });
    await row.waitFor();
    expect(await row.getByRole("link").count()).toBe(0);
    expect(await owners.getByRole("dialog").count()).toBe(0);
    expect(await asOwner.refused("PATCH", `/api/v1/instances/${instance}`, { nics: [] })).toMatchObject({ status: 403 });
  });

  it("switch communication on from the next start on, until when nobody reads what is sent", async () => {
    await visit(owners, communicationPath);
    const line = owners.getByLabel("A line to the guest");
    await owners.getByText("The communication mechanism is off.").waitFor();
    expect(await line.isDisabled()).toBe(true);
    const on = await ask(owners, owners.getByRole("link", { name: "Switch it on" }));
    await on.getByText("From its next start on").waitFor();
    expect(await barriers(owners)).toEqual([]);
    await send(on, "Switch it on");
    await owners.getByText("A change holds from its next start on.").waitFor();
    await line.fill("are you there");
    await owners.getByRole("button", { name: "Send", exact: true }).click();
    await owners.getByRole("alert").filter({ hasText: `Nobody reads the channel of instance ${instance} now` }).waitFor();
    expect(await line.inputValue()).toBe("are you there");
    const { jobId } = await admin.call("POST", `/api/v1/instances/${instance}/power`, jobSchema, { action: "reboot" });
    await jobSucceeds(admin, jobId);
    await visit(page, "/networks/communication?holder=channel");
    await page.getByRole("row", { name: new RegExp(`169\\.254\\.\\d+\\.\\d+ channel ${instance}`) }).waitFor();
  });

  it("show what guest and people say to each other as they say it, each under their name", async () => {
    const { id } = await read(instance);
    const said = owners.getByRole("log", { name: /^Lines of the channel/ });
    await owners.getByLabel("A line to the guest").fill("rotate the logs");
    await owners.getByRole("button", { name: "Send", exact: true }).click();
    await said.getByText("rotate the logs").waitFor();
    expect(await owners.getByLabel("A line to the guest").inputValue()).toBe("");
    expect(node.agent.guestReads(id)).toEqual(["rotate the logs"]);
    await visit(page, communicationPath);
    node.agent.guestSays(id, "rotated <b>all</b> of them");
    for (const reader of [owners, page]) await reader.getByRole("log", { name: /^Lines of the channel/ }).getByText("rotated <b>all</b> of them").waitFor();
    const lines = await said.locator("> div").allInnerTexts();
    expect(lines.map((text) => text.replace(/\s+/g, " ").replace(/^[\d:.]+ /, ""))).toEqual([`user ${owner.name} → rotate the logs`, "guest rotated <b>all</b> of them"]);
    expect(await barriers(owners)).toEqual([]);
  });

  it("take SSH keys, refuse one that is none in words, and forget one", async () => {
    const [mine, another] = await Promise.all([makeKey("mine@laptop"), makeKey("another@desk")]);
    const typed = owners.getByLabel("Public keys to add, one a line");
    const add = owners.getByRole("button", { name: /^Add/ });
    await typed.fill(`${mine.line}\nssh-ed25519 AAAA broken`);
    await add.click();
    await owners.getByRole("alert").filter({ hasText: "Key 2 isn’t a public key as ssh-keygen writes it" }).waitFor();
    expect(await read(instance)).toMatchObject({ sshKeys: [] });
    await typed.fill(`${mine.line}\n${another.line}`);
    await add.click();
    await owners.getByText(mine.fingerprint).waitFor();
    await owners.getByText(another.fingerprint).waitFor();
    expect(await typed.inputValue()).toBe("");
    await owners.getByRole("button", { name: "Remove the key another@desk" }).click();
    await owners.getByText(another.fingerprint).waitFor({ state: "detached" });
    expect(await read(instance)).toMatchObject({ sshKeys: [mine.line] });
  });

  it("keep user data to themselves: set, replaced, deleted, and shown nowhere", async () => {
    const seen: string[] = [];
    // Pages, payloads of pages and answers of the API, all of what comes back about the instance.
    await owners.route(`**${instance}**`, async (route) => {
      const response = await route.fetch();
      seen.push(await response.text());
      await route.fulfill({ response });
    });
    const fingerprints: (string | undefined)[] = [];
    for (const [index, text] of userData.entries()) {
      const dialog = await ask(owners, owners.getByRole("link", { name: index === 0 ? "Set" : "Replace", exact: true }));
      const input = dialog.getByRole("textbox");
      await input.fill(text);
      expect(await dialog.getByRole("checkbox", { name: "Show what I type" }).isChecked()).toBe(false);
      if (index === 0) expect(await barriers(owners)).toEqual([]);
      await send(dialog, /user data$/);
      const section = owners.getByRole("region", { name: "User data" });
      await expect.poll(async () => /fingerprint (\S+)/.exec(await section.innerText())?.[1] ?? fingerprints[0]).not.toBe(fingerprints[0]);
      fingerprints.push(/fingerprint (\S+)/.exec(await section.innerText())?.[1]);
      expect(await owners.content()).not.toContain(text.slice(-24, -1));
    }
    expect(new Set(fingerprints).size).toBe(2);
    await owners.reload();
    await owners.getByText(fingerprints[1] ?? "no fingerprint").waitFor();
    await owners.unrouteAll({ behavior: "wait" });
    for (const { name, password } of [{ name: stack.adminUser, password: stack.adminPassword }, owner]) {
      const reader = await Client.withSession(stack.consoleUrl, name, password, ({ everything }) => seen.push(everything));
      for (const place of ["", "/hardware", "/parameters", "/history"]) await reader.payload(`/instances/${instance}${place}`);
      for (const place of ["/api/v1/jobs?limit=20", `/api/v1/instances/${instance}/channel?limit=100`]) await reader.send("GET", place);
      // What was looked at is what there is to see.
      for (const { everything } of [await reader.payload(`${communicationPath}?do=user-data`), await reader.send("GET", `/api/v1/instances/${instance}`)]) expect(everything).toContain(fingerprints[1]);
    }
    for (const text of userData) expect(seen.filter((one) => one.includes(text.slice(-24, -1))).map((one) => one.slice(0, 200))).toEqual([]);
    const dialog = await ask(owners, owners.getByRole("region", { name: "User data" }).getByRole("link", { name: "Delete" }));
    await send(dialog, "Delete the user data");
    await owners.getByRole("region", { name: "User data" }).getByText("none", { exact: true }).waitFor();
  });

  it("fit on a narrow screen in the dark, with every dialog, and bar nobody", async () => {
    const problemsHere: string[] = [];
    const narrow = await signIn(browser, stack, { user: stack.adminUser, password: stack.adminPassword, problems, context: { viewport: { width: 390, height: 844 }, colorScheme: "dark" } });
    const hardware = `/instances/${instance}/hardware`;
    const places = [
      "/networks", "/new-network", networkPath, `${networkPath}?do=edit`, `${networkPath}?do=reserve`, `${networkPath}?do=release&first=${net}.13&last=${net}.14`,
      hardware, `${hardware}?do=nics`, `/instances/${SAMPLE}/hardware`, communicationPath, `${communicationPath}?do=switch`, `${communicationPath}?do=datasource`,
      `${communicationPath}?do=user-data`, "/settings",
    ];
    for (const place of places) {
      await visit(narrow, place);
      await narrow.getByRole("heading", { level: 1 }).waitFor();
      if (place.includes("?do=")) await narrow.getByRole("dialog").waitFor();
      problemsHere.push(...(await overflows(narrow)), ...(await barriers(narrow)));
    }
    await narrow.context().close();
    expect(problemsHere).toEqual([]);
  });

  it("delete the network by its name once the address is given back", async () => {
    await visit(page, `/instances/${instance}/hardware?do=nics`);
    const nics = page.getByRole("dialog");
    await nics.getByLabel("NIC 0", { exact: true }).selectOption("user");
    await send(nics, "Change the NICs");
    await visit(page, `${networkPath}?do=delete`);
    const dialog = page.getByRole("dialog");
    const remove = dialog.getByRole("button", { name: `Delete ${network}` });
    await dialog.getByLabel(/to confirm/).fill(network.slice(0, -1));
    expect(await remove.isDisabled()).toBe(true);
    await dialog.getByLabel(/to confirm/).fill(network);
    expect(await barriers(page)).toEqual([]);
    await remove.click();
    await page.waitForURL("**/networks");
    expect((await visit(page, networkPath))?.status()).toBe(404);
  });

  it("say where an instance's SSH answers, and with which keys", async () => {
    await visit(page, `/instances/${SAMPLE}/hardware`);
    const card = page.getByRole("region", { name: "Network" });
    const [, port = "", user] = /ssh -p (\d+) (\S+)@127\.0\.0\.1/.exec(await card.innerText()) ?? [];
    expect(user).toBe("root");
    const socket = createConnection({ host: "127.0.0.1", port: Number(port), timeout: SSH_MS });
    const banner = await once(socket.setEncoding("latin1"), "data", { signal: AbortSignal.timeout(SSH_MS) });
    socket.destroy();
    expect(banner[0]).toMatch(/^SSH-2\.0-/);
    const { stdout } = await run("ssh-keyscan", ["-T", "30", "-p", port, "-t", "ed25519", "127.0.0.1"], { timeout: SSH_MS });
    const file = path.join(folder, "scanned");
    await writeFile(file, stdout);
    await card.getByText(await fingerprintOf(file), { exact: true }).waitFor();
    expect(await barriers(page)).toEqual([]);
  }, 2 * SSH_MS);

  it("say why a node without privileges bridges nothing, and leave the NIC as it was", async () => {
    const nics = await ask(page, page.getByRole("link", { name: "Edit the NICs" }));
    await nics.getByLabel("NIC 0", { exact: true }).selectOption("bridged");
    expect(await nics.getByRole("button", { name: "Change the NICs" }).isDisabled()).toBe(true);
    await nics.getByLabel("Bridge", { exact: true }).fill("br0");
    await nics.getByRole("button", { name: "Change the NICs" }).click();
    await nics.locator("#nic-0-mode-error").filter({ hasText: "can't be bridged: the agent of node" }).waitFor();
    expect(await barriers(page)).toEqual([]);
    expect((await read(SAMPLE)).nics).toMatchObject([{ mode: "user", reach: [{ guestPort: 22 }] }]);
  });

  it("require tokens of every guest, and no longer", async () => {
    const cluster = z.object({ requireMetadataTokens: z.boolean() });
    await visit(page, "/settings");
    const box = page.getByRole("checkbox", { name: /^require tokens/ });
    for (const wanted of [true, false]) {
      await box.setChecked(wanted);
      await page.getByRole("button", { name: "Change the settings" }).click();
      await page.getByText("As they are now").waitFor();
      expect(await admin.call("GET", "/api/v1/cluster", cluster)).toEqual({ requireMetadataTokens: wanted });
    }
    await page.reload();
    expect(await box.isChecked()).toBe(false);
  });

  it("caused no error in a page", () => {
    expect(problems).toEqual([]);
  });
});
