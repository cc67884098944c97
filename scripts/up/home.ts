import { spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { accountIds, asOrdinaryUser, ensureOrdinaryUser, isRoot, ORDINARY_USER } from "#scripts/process/ordinary-user.ts";
import { Refusal } from "./terminal.ts";

/** Where things lie in SLIPWAY_HOME. */
export function homePaths(home: string) {
  return {
    run: path.join(home, "run"),
    log: path.join(home, "log"),
    postgres: path.join(home, "postgres"),
    releases: path.join(home, "release"),
    agent: path.join(home, "agent"),
    ssh: path.join(home, "ssh"),
    adminPassword: path.join(home, "admin-password"),
    databaseUrl: path.join(home, "run/database-url"),
    up: path.join(home, "run/up.json"),
  };
}

/** Makes the home directory of the one that the product runs as, and as root that account itself. */
export function ensureHome(home: string): void {
  if (isRoot()) ensureOrdinaryUser();
  if (!existsSync(home)) {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    if (isRoot()) {
      const { uid, gid } = accountIds(ORDINARY_USER);
      chownSync(home, uid, gid);
    }
  }
  const [command, ...args] = asOrdinaryUser(["test", "-w", home, "-a", "-x", home]);
  if (spawnSync(command, args, { cwd: "/", stdio: "ignore" }).status !== 0) {
    const who = isRoot() ? `the user ${ORDINARY_USER}` : "you";
    throw new Refusal(`${home} isn't open to ${who}: everything there has to belong to it, and the folders above have to be open to it. SLIPWAY_HOME names another place.`);
  }
}
