/** The main job as a person sees it: sign in, create an instance, watch the bar move, see the system boot. */
import { randomBytes } from "node:crypto";
import { chromium, type Browser, type Page } from "@playwright/test";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { CHROMIUM } from "./browser.ts";
import { openStack } from "./stack.ts";

const stack = openStack(inject("upFile"));
const name = `web-${randomBytes(4).toString("hex")}`;
const rootPassword = randomBytes(12).toString("base64url");

describe("a person at the console", () => {
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    browser = await chromium.launch(CHROMIUM);
    page = await browser.newPage({ viewport: { width: 1440, height: 960 }, baseURL: stack.consoleUrl });
    page.setDefaultTimeout(20_000);
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(stack.consoleUrl) && !/^(data|blob):/.test(request.url())) problems.push(`a request to ${new URL(request.url()).host}`);
    });
  });

  afterAll(async () => {
    await browser.close();
  });

  it("is asked to sign in, and told when the password is wrong", async () => {
    await page.goto("/instances");
    await expect.poll(() => new URL(page.url()).pathname).toBe("/sign-in");
    await page.getByLabel("Name").fill(stack.adminUser);
    await page.getByLabel("Password").fill("not the password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").filter({ hasText: /./ }).first().waitFor();
    // Chromium itself reports the answer 401 as an error on its console.
    problems.length = 0;
    await page.getByLabel("Password").fill(stack.adminPassword);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL("**/instances");
    await page.getByRole("link", { name: "debian-1" }).first().waitFor();
  });

  it("installs Debian into a new instance and sees the bar move to its end", async () => {
    // Which definition the form begins with depends on what else is registered.
    await page.goto("/new-instance?os=debian%2Bbookworm");
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByLabel(/^root_password/).fill(rootPassword);
    await page.getByRole("button", { name: /^(Create|Install)/ }).click();
    await page.waitForURL(`**/instances/${name}/install**`);
    const bar = page.getByRole("progressbar").first();
    const seen = new Set<number>();
    const deadline = Date.now() + 150_000;
    for (;;) {
      const value = Number((await bar.getAttribute("aria-valuenow")) ?? Number.NaN);
      if (Number.isFinite(value)) seen.add(value);
      if (value >= 100 || Date.now() > deadline) break;
      // The next change of the bar in the page, not a time.
      await bar.evaluate(
        (element, before) =>
          new Promise<void>((resolve) => {
            if (element.getAttribute("aria-valuenow") !== before) return resolve();
            const observer = new MutationObserver(() => {
              observer.disconnect();
              resolve();
            });
            observer.observe(element, { attributes: true, attributeFilter: ["aria-valuenow"] });
            setTimeout(resolve, 30_000);
          }),
        Number.isFinite(value) ? String(value) : null,
      );
    }
    const values = [...seen];
    expect(values).toEqual(values.toSorted((a, b) => a - b));
    expect(values.at(-1)).toBe(100);
    // What the guest reported while it unpacked, not a jump from one end to the other.
    expect(values.length).toBeGreaterThan(8);
    await page.getByText("First boot").first().waitFor();
    await page.getByRole("log").filter({ hasText: /./ }).waitFor();
    expect(await page.content()).not.toContain(rootPassword);
  }, 180_000);

  it("saw no error and asked nobody else", () => {
    expect(problems).toEqual([]);
  });
});
