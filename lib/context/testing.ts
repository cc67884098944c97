import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Writable } from "node:stream";
import { loadConfig } from "#lib/config/config.ts";
import type { TestDatabase } from "#lib/db/testing.ts";
import { createTestDatabase } from "#lib/db/testing.ts";
import type { Identity, Role } from "#lib/domain/access.ts";
import { createLogger } from "#lib/logging/logger.ts";
import type { RequestContext, Services } from "./context.ts";
import { openServices } from "./open-services.ts";

/** Real services on a database of their own, as a controller process has them. */
export interface TestServices {
  readonly services: Services;
  readonly database: TestDatabase;
  readonly home: string;
  /** Everything that was logged, as one text. */
  logged(): string;
  /** Another process on the same database: a second controller. */
  openAnother(): Promise<{ readonly services: Services; close(): Promise<void> }>;
  close(): Promise<void>;
}

/** For tests whose names end in `.db.test.ts`. Call `close` in `afterAll`. */
export async function openTestServices(): Promise<TestServices> {
  const database = await createTestDatabase();
  const home = await mkdtemp(path.join(tmpdir(), "slipway-test-"));
  let text = "";
  const destination = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  const config = loadConfig({ environment: { SLIPWAY_HOME: home, DATABASE_URL: database.url.open(), SLIPWAY_PORT: "0", SLIPWAY_RAPI_PORT: "0", NODE_ENV: "production" } });
  const log = createLogger({ level: "debug", destination });
  const open = await openServices(config, log);
  const others: (() => Promise<void>)[] = [];
  return {
    services: open.services,
    database,
    home,
    logged: () => text,
    async openAnother() {
      const another = await openServices(config, log);
      others.push(() => another.close());
      return another;
    },
    async close() {
      for (const closeOther of others) await closeOther();
      await open.close();
      await database.drop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** A request of an identity, by the API. */
export function contextOf(services: Services, identity: Identity): RequestContext {
  return { services, identity, interface: "api", address: "192.0.2.1", requestId: randomUUID() };
}

/** A user's row, and the identity that goes with it. The password fits nothing unless a hash is given. */
export async function insertUser(services: Services, user: { readonly name: string; readonly role: Role; readonly passwordHash?: string }): Promise<Identity & { readonly kind: "user" }> {
  const row = await services.db.user.create({ data: { name: user.name, role: user.role, passwordHash: user.passwordHash ?? "none" } });
  return { kind: "user", userId: row.id, name: row.name, role: row.role };
}
