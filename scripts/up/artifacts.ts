import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import path from "node:path";
import { digestOf } from "#scripts/build/digest.ts";
import { isRoot } from "#scripts/process/ordinary-user.ts";
import { runOrFail } from "#scripts/process/run.ts";
import { Refusal, say } from "./terminal.ts";

/** What is built from Debian's packages: directories, each with a manifest.json. */
export interface Artifacts {
  /** appliance/README.md */
  readonly appliance: string;
  /** What the sample definition installs from: os-definitions/README.md */
  readonly image: string;
  /** The definition made of Debian's ganeti-instance-debootstrap, with its image; null: nobody has asked for it. */
  readonly debootstrap: string | null;
}

export interface ArtifactOptions {
  /** Whether the definition made of Debian's ganeti-instance-debootstrap is wanted, which only tests install from. */
  readonly debootstrap: boolean;
}

const BUILD_MS = 900_000;
/** Milliseconds after which newer packages are looked for: a day. */
const CHECK_PACKAGES_MS = 86_400_000;

/**
 * Builds the appliance and the sample's image, unless they are there already: the scripts keep what they make by the digest
 * of its inputs, in a cache that every home directory of this machine or user shares. As root they run as root, which is what
 * a tree of Debian's files needs where user namespaces aren't open.
 */
export async function buildArtifacts(checkout: string, options: ArtifactOptions): Promise<Artifacts> {
  if (!isRoot()) requireSubordinateIds();
  // One after the other: the second processor belongs to the console's build.
  const appliance = await buildArtifact(checkout, "appliance/build", "appliance");
  const image = await buildArtifact(checkout, "os-definitions/debian/build-image", "images");
  return { appliance, image, debootstrap: options.debootstrap ? await buildArtifact(checkout, "os-definitions/debootstrap/build", "debootstrap") : null };
}

/** The guests that tests of networks boot: e2e/network/guests/build. As root. */
export async function buildNetworkGuests(checkout: string): Promise<string> {
  return buildArtifact(checkout, "e2e/network/guests/build", "network-guests");
}

function cacheDirectory(name: string): string {
  if (isRoot()) return path.join("/var/cache/slipway", name);
  return path.join(process.env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache"), "slipway", name);
}

/**
 * The scripts print the directory of what they made as their last line, and say what they do with their name before it. They
 * ask apt for the newest packages, which takes seconds, so what was made today from the same sources is taken as it is.
 */
async function buildArtifact(checkout: string, script: string, name: string): Promise<string> {
  const out = cacheDirectory(name);
  mkdirSync(out, { recursive: true, mode: 0o755 });
  const note = path.join(out, `.made-from-${digestOf(checkout, ["appliance", path.dirname(script)]).slice(0, 16)}`);
  const known = madeLately(note);
  if (known !== null) return known;
  const { output } = await runOrFail(path.join(checkout, script), ["--out", out], {
    cwd: checkout,
    timeoutMs: BUILD_MS,
    onLine: (line) => {
      if (/^[a-z/-]+: /.test(line)) say(line);
    },
  });
  const directory = output.trimEnd().split("\n").at(-1) ?? "";
  if (!path.isAbsolute(directory) || !existsSync(directory)) throw new Error(`${script} didn't say where it put what it made`);
  writeFileSync(note, `${directory}\n`);
  return directory;
}

function madeLately(note: string): string | null {
  if (!existsSync(note) || Date.now() - statSync(note).mtimeMs > CHECK_PACKAGES_MS) return null;
  const directory = readFileSync(note, "utf8").trim();
  return existsSync(path.join(directory, "manifest.json")) ? directory : null;
}

/** A user namespace with more than one user in it is made from numbers that the administrator gave away for it. */
function requireSubordinateIds(): void {
  const { username, uid } = userInfo();
  const given = (file: string): boolean =>
    existsSync(file) && readFileSync(file, "utf8").split("\n").some((line) => line.startsWith(`${username}:`) || line.startsWith(`${uid}:`));
  if (given("/etc/subuid") && given("/etc/subgid")) return;
  throw new Refusal(
    `${username} has no subordinate user and group numbers, with which the sample's image is built. As root, then run this again:\n\n` +
      `  usermod --add-subuids 231072-296607 --add-subgids 231072-296607 ${username}\n`,
  );
}
