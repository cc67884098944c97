import { execFileSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync } from "node:fs";

/** The account that everything runs as when it is started by root: QEMU, PostgreSQL, the controller, the tests. */
export const ORDINARY_USER = "slipway";
export const ORDINARY_HOME = "/var/lib/slipway";

/** Whether this process has to step down before it runs anything of the product. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Makes the account and its home if they are missing: a system user without a login, with access to /dev/kvm where there is such a group. */
export function ensureOrdinaryUser(): void {
  if (lookUp("passwd", ORDINARY_USER) === null) {
    execFileSync("useradd", ["--system", "--user-group", "--home-dir", ORDINARY_HOME, "--no-create-home", "--shell", "/usr/sbin/nologin", ORDINARY_USER]);
  }
  if (!existsSync(ORDINARY_HOME)) {
    const { uid, gid } = accountIds(ORDINARY_USER);
    mkdirSync(ORDINARY_HOME, { recursive: true, mode: 0o700 });
    chownSync(ORDINARY_HOME, uid, gid);
  }
  const kvm = lookUp("group", "kvm");
  if (kvm !== null && !(kvm[3] ?? "").split(",").includes(ORDINARY_USER)) {
    execFileSync("usermod", ["--append", "--groups", "kvm", ORDINARY_USER]);
  }
}

/** Numeric user and group of an account. */
export function accountIds(name: string): { uid: number; gid: number } {
  const entry = lookUp("passwd", name);
  if (entry === null) throw new Error(`there is no user ${name}`);
  return { uid: Number(entry[2]), gid: Number(entry[3]) };
}

/**
 * The command that runs another as the ordinary user: with its groups and no others, without capabilities, and without a way
 * to get any back. As anybody but root it is the command itself.
 */
export function asOrdinaryUser(command: readonly [string, ...string[]]): [string, ...string[]] {
  if (!isRoot()) return [...command];
  return [
    "setpriv", `--reuid=${ORDINARY_USER}`, `--regid=${ORDINARY_USER}`, "--init-groups",
    "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--", ...command,
  ];
}

/** The environment of a program that runs as the ordinary user: this one's, with what root's session says of root taken out. */
export function ordinaryEnvironment(changes: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const environment = { ...process.env };
  if (isRoot()) {
    environment["HOME"] = ORDINARY_HOME;
    environment["USER"] = ORDINARY_USER;
    environment["LOGNAME"] = ORDINARY_USER;
    for (const name of ["XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "SUDO_USER", "SUDO_UID", "SUDO_GID", "SUDO_COMMAND", "MAIL"]) {
      Reflect.deleteProperty(environment, name);
    }
  }
  return { ...environment, ...changes };
}

function lookUp(database: "passwd" | "group", name: string): string[] | null {
  try {
    return execFileSync("getent", [database, name], { encoding: "utf8" }).trim().split(":");
  } catch (error) {
    // 2: no such entry.
    if (error instanceof Error && "status" in error && error.status === 2) return null;
    throw error;
  }
}
