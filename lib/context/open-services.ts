import { randomUUID } from "node:crypto";
import { createAgentPool } from "#lib/agents/agent-pool.ts";
import { ensureCluster } from "#lib/cluster/ensure-cluster.ts";
import type { Config } from "#lib/config/config.ts";
import { createDatabase } from "#lib/db/client.ts";
import { openNotificationListener } from "#lib/db/listen.ts";
import { openFeedHub } from "#lib/events/feed-hub.ts";
import { createJobQueue } from "#lib/jobs/queue.ts";
import type { Logger } from "#lib/logging/logger.ts";
import type { CertificateAuthority } from "#lib/pki/certificate-authority.ts";
import { ensureCertificateAuthority } from "#lib/pki/certificate-authority.ts";
import { openKeyring } from "#lib/secrets/open-keyring.ts";
import { createSecretVault } from "#lib/secrets/vault.ts";
import { createCredentialCache } from "#lib/users/credential-cache.ts";
import type { RequestContext, Services } from "./context.ts";

export interface OpenServices {
  readonly services: Services;
  readonly pki: CertificateAuthority;
  /** Ends streams, connections to agents and connections to the database, in that order. */
  close(): Promise<void>;
}

/**
 * Everything that operations need, without serving, following or carrying out anything: for the controller itself, and for
 * commands that set up a cluster in a process of their own. The schema must be up to date.
 */
export async function openServices(config: Config, log: Logger): Promise<OpenServices> {
  const db = createDatabase(config.databaseUrl);
  const closers: (() => Promise<void>)[] = [() => db.$disconnect()];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const controllerId = randomUUID();
    const notifications = await openNotificationListener(config.databaseUrl, (error) => log.warn({ error }, "the connection that listens to the database was lost"));
    closers.push(() => notifications.close());
    // Before anything is made: a database of other keys is refused as it was found.
    const keyring = await openKeyring({ config, db, notifications, log });
    const pki = await ensureCertificateAuthority(config.paths.pki);
    const agents = createAgentPool({ db, notifications, pki, blobs: config.paths.blobs });
    closers.push(() => agents.close());
    const feed = await openFeedHub({ db, notifications, log });
    closers.push(() => feed.close());
    await ensureCluster(db);
    const services: Services = {
      config,
      controllerId,
      db,
      notifications,
      keyring,
      vault: createSecretVault(),
      credentials: createCredentialCache(notifications),
      pki,
      agents,
      feed,
      jobs: createJobQueue(controllerId),
      log,
    };
    return { services, pki, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The context of the program itself, while it sets up a cluster. It may do everything; what it does is audited like the rest. */
export function setupContext(services: Services): RequestContext {
  return { services, identity: { kind: "system", name: "set-up" }, interface: "setup", address: null, requestId: randomUUID() };
}
