import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Writable } from "node:stream";
import { runMigrations } from "graphile-worker";
import { createAgentPool } from "#lib/agents/agent-pool.ts";
import { ensureCluster } from "#lib/cluster/ensure-cluster.ts";
import type { Services } from "#lib/context/context.ts";
import { loadConfig } from "#lib/config/config.ts";
import { createDatabase } from "#lib/db/client.ts";
import { openNotificationListener } from "#lib/db/listen.ts";
import { createTestDatabase } from "#lib/db/testing.ts";
import { openFeedHub } from "#lib/events/feed-hub.ts";
import { createJobQueue } from "#lib/jobs/queue.ts";
import { createLogger } from "#lib/logging/logger.ts";
import { ensureCertificateAuthority } from "#lib/pki/certificate-authority.ts";
import { ensureKeys } from "#lib/secrets/ensure-keys.ts";
import { createSecretVault } from "#lib/secrets/vault.ts";
import { createCredentialCache } from "#lib/users/credential-cache.ts";
import { hashPassword } from "#lib/users/password.ts";

export const PASSWORDS = { admin: "admin password 1", owner: "owner password 1", other: "other password 1" } as const;
export type Account = keyof typeof PASSWORDS;

/** A controller without its listeners and its worker: everything that a request needs, over a database of its own. */
export interface TestServices {
  readonly services: Services;
  /** Ids of the accounts `admin`, `owner` and `other`, of which the first is an administrator. */
  readonly userIds: Readonly<Record<Account, string>>;
  /** Everything that was logged so far. */
  log(): string;
  stop(): Promise<void>;
}

export async function startTestServices(): Promise<TestServices> {
  const home = await mkdtemp(path.join(tmpdir(), "slipway-http-"));
  const database = await createTestDatabase();
  // The queue's own tables, which its worker makes when it starts; no worker runs here, so that jobs stay queued.
  await runMigrations({ connectionString: database.url.open() });
  const config = loadConfig({ environment: { SLIPWAY_HOME: home, DATABASE_URL: database.url.open(), SLIPWAY_PUBLIC_URL: "http://slipway.example.test:8080" } });
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const log = createLogger({ level: "debug", destination });
  const db = createDatabase(database.url, { connections: 4 });
  const notifications = await openNotificationListener(database.url, (error) => log.error({ err: error }, "notifications"));
  const pki = await ensureCertificateAuthority(config.paths.pki);
  const controllerId = randomUUID();
  await ensureCluster(db, "cluster.example.test");
  const feed = await openFeedHub({ db, notifications, log });
  const agents = createAgentPool({ db, notifications, pki, blobs: config.paths.blobs });
  const services: Services = {
    config,
    controllerId,
    db,
    notifications,
    keyring: ensureKeys(config.paths.keys, { mayCreatePrivateKey: true }),
    vault: createSecretVault(),
    credentials: createCredentialCache(notifications),
    pki,
    agents,
    feed,
    jobs: createJobQueue(controllerId),
    log,
  };
  return {
    services,
    userIds: { admin: await addUser(services, "admin"), owner: await addUser(services, "owner"), other: await addUser(services, "other") },
    log: () => lines.join(""),
    stop: async () => {
      await feed.close();
      await agents.close();
      await notifications.close();
      await db.$disconnect();
      await database.drop();
      await rm(home, { recursive: true });
    },
  };
}

async function addUser(services: Services, name: Account): Promise<string> {
  const { id } = await services.db.user.create({
    data: { name, passwordHash: await hashPassword(PASSWORDS[name]), role: name === "admin" ? "administrator" : "owner" },
    select: { id: true },
  });
  return id;
}

/** The header with which an account asks. */
export function basic(account: Account): { readonly authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${account}:${PASSWORDS[account]}`).toString("base64")}` };
}
