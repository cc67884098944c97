import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { TestServices } from "#lib/context/testing.ts";
import { openTestServices } from "#lib/context/testing.ts";

const checkout = path.resolve(import.meta.dirname, "..");
const fixtures = path.join(checkout, "lib/ganeti-import/fixtures");
/** The command itself, without the change of user that root makes first. */
const PROGRAM = `import { importGanetiCommand } from "./cli/import-ganeti.ts"; process.exitCode = await importGanetiCommand.run(process.argv.slice(1));`;

let open: TestServices;
beforeAll(async () => {
  open = await openTestServices();
});
afterAll(() => open.close());

/** What a process of its own prints, given a file at standard input or none. */
async function slipway(args: readonly string[], input?: string): Promise<string> {
  const running = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", PROGRAM, "--", ...args], {
    cwd: checkout,
    env: { SLIPWAY_HOME: open.home, DATABASE_URL: open.database.url.open(), NODE_ENV: "production" },
    timeout: 60_000,
  });
  const { stdin } = running.child;
  if (stdin === null) throw new Error("the command has no standard input");
  if (input === undefined) stdin.end();
  else createReadStream(input).pipe(stdin);
  return (await running).stdout;
}

describe("slipway import ganeti", () => {
  const folders = ["--os-directory", path.join(fixtures, "os")];

  test("says what it would do, takes the file at standard input, and then does it", { timeout: 90_000 }, async () => {
    const said = await slipway(["--config", path.join(fixtures, "config.data"), ...folders]);
    expect(said).toContain("  instances                      9             0             2");
    expect(said).toContain("Nothing has been changed. --apply does it.");
    expect(await open.services.db.instance.count()).toBe(0);

    const done = await slipway(["--config", "-", ...folders, "--apply"], path.join(fixtures, "config.data"));
    expect(done).toContain("Brought without");
    expect(done).toContain("the next reinstall with image asks for them: registration_key.");
    expect(await open.services.db.instance.count()).toBe(9);

    const again: unknown = JSON.parse(await slipway(["--config", path.join(fixtures, "config.data"), ...folders, "--apply", "--json"]));
    const report = z.object({ applied: z.literal(true), bring: z.object({ instances: z.array(z.unknown()) }), skip: z.array(z.object({ subject: z.string() })) }).parse(again);
    expect(report.bring.instances).toEqual([]);
    expect(report.skip.filter(({ subject }) => subject === "instance")).toHaveLength(9);
    for (const text of [said, done, JSON.stringify(again)]) expect(text).not.toMatch(/fixture-private-of-|drbd-shared-secret/);
  });
});
