import { runMigrations } from "graphile-worker";
import type { Services } from "#lib/context/context.ts";
import { insertUser, openTestServices } from "#lib/context/testing.ts";
import { hashPassword } from "#lib/users/password.ts";

export const PASSWORDS = { admin: "admin password 1", owner: "owner password 1", other: "other password 1" } as const;
export type Account = keyof typeof PASSWORDS;

/** A controller without its listeners and its worker: everything that a request needs, and three accounts that ask. */
export interface TestServices {
  readonly services: Services;
  /** Ids of the accounts `admin`, `owner` and `other`, of which the first is an administrator. */
  readonly userIds: Readonly<Record<Account, string>>;
  /** Everything that was logged so far. */
  log(): string;
  stop(): Promise<void>;
}

export async function startTestServices(): Promise<TestServices> {
  const open = await openTestServices();
  // The queue's own tables, which its worker makes when it starts; no worker runs here, so that jobs stay queued.
  await runMigrations({ connectionString: open.database.url.open() });
  const { services } = open;
  return {
    services,
    userIds: { admin: await addUser(services, "admin"), owner: await addUser(services, "owner"), other: await addUser(services, "other") },
    log: () => open.logged(),
    stop: () => open.close(),
  };
}

async function addUser(services: Services, name: Account): Promise<string> {
  const { userId } = await insertUser(services, { name, role: name === "admin" ? "administrator" : "owner", passwordHash: await hashPassword(PASSWORDS[name]) });
  return userId;
}

/** The header with which an account asks. */
export function basic(account: Account): { readonly authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${account}:${PASSWORDS[account]}`).toString("base64")}` };
}
