import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { runAsOrdinaryUser } from "./run-as-ordinary-user.ts";

const PROGRAM = `
import { readFileSync, writeFileSync } from "node:fs";
const [, session] = /^\\d+ \\(.*\\) \\S \\d+ \\d+ (\\d+)/.exec(readFileSync("/proc/self/stat", "utf8"));
writeFileSync(process.argv[2], session + " " + process.pid);
process.exitCode = 7;
`;

test("what runs as another user has a session of its own, where it can type on nobody's terminal", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "ordinary-"));
  try {
    // Started by root, the program is another user's.
    await chmod(folder, 0o777);
    await writeFile(path.join(folder, "program.mjs"), PROGRAM);
    const said = path.join(folder, "said");
    expect(await runAsOrdinaryUser(path.join(folder, "program.mjs"), [said], { cwd: folder, environment: {}, node: process.execPath })).toBe(7);
    const [session, pid] = (await readFile(said, "utf8")).split(" ");
    expect(session).toBe(pid);
  } finally {
    await rm(folder, { recursive: true });
  }
});
