/** Debian's Chromium for tests that do what people do, and what is looked for on every page. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, BrowserContextOptions, Page, Response } from "@playwright/test";
import type { Stack } from "./stack.ts";

export const CHROMIUM = {
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
};

export interface SignIn {
  readonly user: string;
  readonly password: string;
  /** Gets what went wrong in the page, as long as it is open. */
  readonly problems: string[];
  readonly context?: BrowserContextOptions;
}

/** A page of a browser in which somebody has signed in, at the overview. */
export async function signIn(browser: Browser, stack: Stack, { user, password, problems, context = {} }: SignIn): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 960 }, baseURL: stack.consoleUrl, ...context })).newPage();
  page.setDefaultTimeout(20_000);
  page.on("console", (message) => {
    // Chromium itself reports answers that refuse; the tests look at those.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(error.message));
  await visit(page, "/sign-in");
  await page.getByLabel("Name").fill(user);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((url) => url.pathname === "/");
  return page;
}

/**
 * Goes to an address, and waits until the page has come alive: what is typed before that is lost where the machine is slow. React
 * marks each element that it has taken over; the title comes with the last of the stream.
 */
export async function visit(page: Page, path: string): Promise<Response | null> {
  const response = await page.goto(path);
  await page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const look = (): void => {
          const waiting = [...document.querySelectorAll("button, input, select, textarea")].some((one) => !Object.keys(one).some((key) => key.startsWith("__reactProps")));
          if (waiting || document.title === "") requestAnimationFrame(look);
          else resolve();
        };
        look();
      }),
  );
  return response;
}

/** What axe finds on a page as it is now, or in the dialog that is open, behind which nothing can be reached. */
export async function barriers(page: Page): Promise<readonly string[]> {
  const axe = new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]);
  if ((await page.locator("dialog[open]").count()) > 0) axe.include("dialog[open]");
  const { violations } = await axe.analyze();
  return violations.map(({ id, nodes }) => `${new URL(page.url()).pathname} ${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
}

/** What is wider than the room that it has: the page, or the dialog that is open. Tables scroll by themselves. */
export async function overflows(page: Page): Promise<readonly string[]> {
  const found = await page.locator("html, dialog[open], [role=menu]").evaluateAll((elements) => elements.filter((one) => one.scrollWidth > one.clientWidth).map((one) => `${one.localName} by ${one.scrollWidth - one.clientWidth}`));
  const { pathname, search } = new URL(page.url());
  return found.map((what) => `${pathname}${search} ${what}`);
}
