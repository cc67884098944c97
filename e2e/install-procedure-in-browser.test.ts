/**
 * The installation procedure as a person sees it: what a reinstall will do and what was found out is shown before, its stages while it
 * runs, its receipt and the way back afterwards; snapshots, a system that is looked at before it is confirmed, the rescue system.
 * On a simulated node, whose installs hold where they are told to.
 */
import { randomBytes } from "node:crypto";
import { chromium, type Browser, type Locator, type Page, type Response } from "@playwright/test";
import { z } from "zod";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { writeTar } from "#lib/domain/write-tar.ts";
import { barriers, CHROMIUM, overflows, signIn, visit } from "./browser.ts";
import { acceptedSchema, Client } from "./client.ts";
import { addSimulatedNode, jobSucceeds } from "./simulated-node.ts";
import type { SimulatedNode } from "./simulated-node.ts";
import { openStack } from "./stack.ts";

const stack = openStack(inject("upFile"));
const suffix = randomBytes(4).toString("hex");
const owner = { name: `owner-${suffix}`, password: randomBytes(12).toString("base64url") };
/** Its installs wait at their image, where they have one. */
const instance = `holds-at-image-${suffix}`;
/** Its first boot never reports. */
const silent = `stays-silent-${suffix}`;
/** Nobody's but the administrator's. */
const SAMPLE = "debian-1";
const definition = `procedure-${suffix}`;
const image = "https://images.example.test/debian-12.qcow2";
const archive = "https://files.example.test/web-3.tar.gz";
/** As they may never be shown again. */
const credentials = { username: `user-${randomBytes(9).toString("base64url")}`, password: randomBytes(18).toString("base64url") };
const passphrase = randomBytes(18).toString("base64url");

const jobSchema = z.object({ jobId: z.number() });
const instanceSchema = z.object({ id: z.string(), operState: z.string().nullable(), install: z.object({ id: z.string(), state: z.string() }) });
const path = (tab = ""): string => `/instances/${instance}${tab}`;

describe("the installation procedure at the console", () => {
  const admin = Client.withPassword(stack.consoleUrl, stack.adminUser, stack.adminPassword);
  const asOwner = Client.withPassword(stack.consoleUrl, owner.name, owner.password);
  const problems: string[] = [];
  const answers: Promise<string>[] = [];
  let browser: Browser;
  let page: Page;
  let node: SimulatedNode;
  let first: string;

  const read = (name: string) => admin.call("GET", `/api/v1/instances/${name}`, instanceSchema);
  const dialogAfter = async (opener: Locator): Promise<Locator> => {
    await opener.click();
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    return dialog;
  };
  const send = async (dialog: Locator, button: string): Promise<void> => {
    await dialog.getByRole("button", { name: button, exact: true }).click();
    await dialog.waitFor({ state: "hidden" });
  };
  const inMenu = async (action: string): Promise<Locator> => {
    await page.getByRole("button", { name: "Actions" }).click();
    return page.getByRole("menuitem", { name: action });
  };
  const clean = async (): Promise<void> => {
    expect(await barriers(page)).toEqual([]);
    expect(await overflows(page)).toEqual([]);
  };

  beforeAll(async () => {
    await admin.call("POST", "/api/v1/users", z.object({ name: z.string() }), { ...owner, role: "owner" });
    const manifest = { parameters: [{ name: "passphrase", visibility: "secret", type: "password", required: true }], steps: [{ id: "unpack", label: "Unpack the system" }] };
    const text = (name: string, content: string) => ({ path: name, mode: 0o644, content: Buffer.from(content) });
    const files = [text("ganeti_api_version", "20\n"), text("parameters.list", "passphrase A secret\n"), text("slipway.json", JSON.stringify(manifest)), { path: "untrusted/create", mode: 0o755, content: Buffer.from("#!/bin/sh\nexit 0\n") }];
    const upload = await admin.sendRaw("POST", `/api/v1/os-definitions/${definition}/versions`, { type: "application/x-tar", content: new Uint8Array(writeTar(files)) });
    expect(upload.status, upload.everything).toBe(201);
    [browser, node] = await Promise.all([chromium.launch(CHROMIUM), addSimulatedNode(stack, admin, `node-${suffix}`)]);
    const hardware = { node: node.name, owner: owner.name, memoryMib: 128, disks: [{ sizeMib: 4_096 }, { sizeMib: 1_024, name: "data" }] };
    const made = await admin.call("POST", "/api/v1/instances", acceptedSchema, { name: instance, osType: definition, parameters: { secret: { passphrase } }, ...hardware });
    first = made.installId;
    expect(await admin.follow(first)).toMatchObject({ state: "done" });
    await admin.call("POST", "/api/v1/instances", acceptedSchema, { name: silent, osType: null, image: { location: image, format: "qcow2" }, confirmsFirstBoot: true, ...hardware });
    page = await signIn(browser, stack, { user: owner.name, password: owner.password, problems });
    page.on("response", (response) => {
      if (isRead(response)) answers.push(response.text().catch(() => ""));
    });
  });

  afterAll(async () => {
    await browser.close();
    for (const name of [instance, silent]) {
      const { jobId } = await admin.call("DELETE", `/api/v1/instances/${name}`, jobSchema);
      await jobSucceeds(admin, jobId);
    }
    await admin.send("DELETE", `/api/v1/os-definitions/${definition}`);
    await node.remove();
  });

  it("says at its field what can't be installed from, before anything is sent", async () => {
    await visit(page, path("/reinstall"));
    const button = page.getByRole("button", { name: `Reinstall ${instance}` });
    const location = page.getByLabel("Disk image");
    await location.fill("ftp://images.example.test/a.img");
    await page.locator("#image-location-error").filter({ hasText: /./ }).waitFor();
    await location.fill("https://images.example.test/missing.img");
    await page.locator("#image-location-error").filter({ hasText: "it answered 404" }).waitFor();
    await page.getByRole("region", { name: "Checked just now" }).getByText("it answered 404").waitFor();
    expect(await button.isDisabled()).toBe(true);
    await page.getByText("Personalization package").click();
    await page.getByLabel("Address", { exact: true }).fill(`https://anna:secret@files.example.test/web-3.tar.gz`);
    await page.locator("#package-url-error").filter({ hasText: /./ }).waitFor();
    await clean();
    // What is emptied stays open to be typed again.
    await page.getByLabel("Address", { exact: true }).fill("");
    await page.locator("#package-url-error").waitFor({ state: "detached" });
    expect(await page.getByLabel("Address", { exact: true }).isVisible()).toBe(true);
  });

  it("shows what a reinstall will do, what it keeps and for how long, and waits for what is missing", async () => {
    await page.getByLabel("Disk image").fill(image);
    await page.getByLabel("Address", { exact: true }).fill(archive);
    await page.getByLabel("User and password").fill(credentials.username);
    await page.getByText("The package needs a user name and a password, or neither").waitFor();
    await page.getByLabel("Password of the package").fill(credentials.password);
    await page.getByLabel("Password of the package").press("Tab");
    const plan = page.getByRole("region", { name: "What will happen" });
    await plan.getByText(`${image}, qcow2, onto disk 0`).waitFor();
    await plan.getByText(/^Disk 0, 4 GiB\. The old one stays for 7 days, and one click brings it back\.$/).waitFor();
    await plan.getByText("Disk 1, 1 GiB", { exact: true }).waitFor();
    await plan.getByText(`${archive}, laid over its filesystem in the appliance`).waitFor();
    await plan.getByText(`If anything fails, ${instance} is again as it is now, disk and power.`).waitFor();
    expect(await page.getByText("It can be reached.").count()).toBe(2);
    await page.getByText("One value is missing: passphrase").waitFor();
    await page.getByLabel(/^passphrase/).fill(passphrase);
    await page.getByText(`Type ${instance} to confirm`).waitFor();
    await clean();
  });

  it("shows the install's stages as they are, the image's with a bar that stands", async () => {
    await page.getByLabel("Type the name").fill(instance);
    await page.getByRole("button", { name: `Reinstall ${instance}` }).click();
    await page.waitForURL(`**${path("/install")}`);
    await page.getByRole("list", { name: "Steps" }).locator("[aria-current=step]").filter({ hasText: "Image written" }).waitFor();
    await page.getByRole("region", { name: "Stages" }).getByText("Writing the image").waitFor();
    expect(Number(await page.getByRole("progressbar").first().getAttribute("aria-valuenow"))).toBeLessThan(100);
    expect(await page.getByRole("button", { name: "Roll back" }).count()).toBe(0);
    // The old system runs on until the image is there.
    const { operState, install } = await read(instance);
    expect(operState).toBe("running");
    await clean();
    node.agent.goOn(install.id);
    await page.getByText("Installed.", { exact: true }).waitFor();
    await page.getByRole("region", { name: "Stages" }).getByText("Personalizing").waitFor();
  });

  it("has the receipt at hand, to be read and to be kept", async () => {
    const { install } = await read(instance);
    await page.getByRole("link", { name: "Receipt", exact: true }).click();
    const receipt = page.getByRole("region", { name: "Receipt" });
    for (const text of [image, archive, "Reported done by its script", "create in the appliance", "passphrase (secret)"]) await receipt.getByText(text).first().waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), receipt.getByRole("link", { name: "Download" }).click()]);
    expect(download.suggestedFilename()).toBe(`receipt-${install.id}.json`);
    await clean();
  });

  it("asks for the package's user name and password again, and shows them nowhere", async () => {
    await visit(page, path("/reinstall"));
    expect(await page.getByLabel("Address", { exact: true }).inputValue()).toBe(archive);
    for (const label of ["User and password", "Password of the package"]) expect(await page.getByLabel(label).inputValue()).toBe("");
    await page.getByText("The package’s user name and password are missing").waitFor();
    await page.getByRole("listitem").filter({ hasText: "so it hasn't been looked for" }).getByRole("img", { name: "open" }).waitFor();
    const said = [await page.content(), ...(await Promise.all(answers))].join("\n");
    for (const value of [...Object.values(credentials), passphrase]) expect(said.includes(value)).toBe(false);
    // Something was read at all.
    expect(said).toContain(archive);
  });

  it("brings the previous system back by one click and a word, and forth again", async () => {
    const { id, install } = await read(instance);
    await visit(page, path("/install"));
    const dialog = await dialogAfter(page.getByRole("button", { name: "Roll back" }));
    await dialog.getByText("rolling back once more brings you back here").waitFor();
    await clean();
    await send(dialog, `Roll back ${instance}`);
    await expect.poll(() => node.agent.systemOf(id)).toBe(first);
    await visit(page, path());
    const card = page.getByRole("region", { name: "Previous system" });
    await card.getByText(/ UTC, in 6 days$/).waitFor();
    const again = card.getByRole("button", { name: "Roll back" });
    await expect.poll(() => again.isEnabled()).toBe(true);
    await send(await dialogAfter(again), `Roll back ${instance}`);
    await expect.poll(() => node.agent.systemOf(id)).toBe(install.id);
    expect((await read(instance)).operState).toBe("running");
  });

  it("says of what can't be done why, and makes, restores and deletes a snapshot once it can", async () => {
    const exporting = await inMenu("Export");
    await exporting.getByText(`OS definition ${definition} has no export script.`).waitFor();
    expect(await exporting.getAttribute("aria-disabled")).toBe("true");
    await page.keyboard.press("Escape");
    await visit(page, path("/hardware"));
    const card = page.getByRole("region", { name: "Snapshots" });
    await card.getByText("It is running.").waitFor();
    expect(await card.getByRole("button", { name: "Make a snapshot" }).isDisabled()).toBe(true);
    const { jobId } = await asOwner.call("POST", `/api/v1/instances/${instance}/power`, jobSchema, { action: "stop" });
    await jobSucceeds(admin, jobId);
    // The page hears of it by itself.
    const making = await dialogAfter(card.getByRole("link", { name: "Make a snapshot" }));
    await making.getByLabel("Name", { exact: true }).fill("before-upgrade");
    await clean();
    await send(making, "Make before-upgrade");
    const row = page.getByRole("row", { name: /^before-upgrade/ });
    const restoring = await dialogAfter(row.getByRole("link", { name: "Restore" }));
    await restoring.getByText("What is on disks 0, 1").waitFor();
    await clean();
    await send(restoring, "Restore before-upgrade");
    await send(await dialogAfter(row.getByRole("link", { name: "Delete" })), "Delete before-upgrade");
    await card.getByText("No snapshots").waitFor();
  });

  it("starts the rescue system, and types at its console", async () => {
    const dialog = await dialogAfter(await inMenu("Rescue system"));
    await clean();
    await send(dialog, `Start the rescue system of ${instance}`);
    await page.waitForURL(`**${path("/console")}`);
    await page.getByText(`${instance} runs the rescue system`).waitFor();
    const connect = page.getByRole("button", { name: "Connect", exact: true });
    await connect.click();
    await page.getByText("Connected", { exact: true }).waitFor();
    node.agent.consoleSays((await read(instance)).id, "rescue # ");
    const screen = page.locator(".xterm-rows");
    await screen.getByText("rescue #").waitFor();
    await page.keyboard.type("lsblk /dev/vda");
    await screen.getByText("lsblk /dev/vda").waitFor();
    await clean();
    await page.keyboard.press("Control+F6");
    const leave = page.getByRole("button", { name: "Disconnect" });
    expect(await leave.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.keyboard.press("Enter");
    await connect.or(page.getByRole("button", { name: "Connect again" })).waitFor();
  });

  it("lets somebody who has looked at a system confirm its install", async () => {
    await visit(page, `/instances/${silent}/install`);
    await page.getByText(`${silent} has started from its image, and its system is to report`).waitFor();
    await clean();
    const dialog = await dialogAfter(page.getByRole("button", { name: "Confirm the install" }));
    await clean();
    await send(dialog, "Confirm the install");
    await page.getByText("Installed.", { exact: true }).waitFor();
    await page.getByText("Its system said that it is done, or somebody said so for it").waitFor();
    expect(await admin.follow((await read(silent)).install.id)).toMatchObject({ state: "done" });
  });

  it("shows its owner nothing of anybody else's", async () => {
    for (const tab of ["", "/install", "/reinstall", "/hardware", "/console"]) {
      await visit(page, `/instances/${SAMPLE}${tab}`);
      await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
    }
    await visit(page, "/exports");
    await page.getByText("No exports").waitFor();
    await clean();
  });

  it("fits a narrow screen", async () => {
    await page.setViewportSize({ width: 420, height: 900 });
    for (const tab of ["", "/install", "/reinstall", "/hardware", "/console"]) {
      await visit(page, path(tab));
      await clean();
    }
  });

  it("caused no error in a page", () => {
    expect(problems).toEqual([]);
  });
});

/** What a page reads: the live stream has no end. */
function isRead(response: Response): boolean {
  return /json|text\/(html|x-component)/.test(response.headers()["content-type"] ?? "");
}
