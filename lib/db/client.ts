import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import type { Secret } from "#lib/domain/visibility.ts";
import { Prisma, PrismaClient } from "./generated/client.ts";

/** The connection pool and the typed access to every table. One a process; find it in `ctx.services.db`. */
export type Database = PrismaClient;

/** What stands in the place of the database inside `db.$transaction(async (tx) => …)`. */
export type Transaction = Prisma.TransactionClient;

/** Either, for functions that only read. */
export type Queryable = Database | Transaction;

/** Milliseconds. A transaction of ours does no other input or output than its own statements, and so is short. */
const TRANSACTION_LIMITS = { maxWait: 10_000, timeout: 20_000 };

export interface DatabaseOptions {
  /** Connections in the pool. */
  readonly connections?: number;
}

/**
 * Opens the database. Nothing is connected before the first query.
 *
 * The session's time zone is UTC because the adapter drops the offset of a timestamptz and takes what is left for UTC.
 */
export function createDatabase(url: Secret<string>, options: DatabaseOptions = {}): Database {
  const adapter = new PrismaPg({
    connectionString: url.open(),
    options: "-c timezone=UTC",
    application_name: "slipway",
    max: options.connections ?? 10,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
  });
  return new PrismaClient({ adapter, transactionOptions: TRANSACTION_LIMITS, errorFormat: "minimal" });
}

/** Plain connections for the job queue's own tables, which Prisma doesn't know. `end()` closes them. */
export function createPool(url: Secret<string>, options: { readonly connections: number; readonly name: string }): pg.Pool {
  return new pg.Pool({
    connectionString: url.open(),
    options: "-c timezone=UTC",
    application_name: options.name,
    max: options.connections,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
  });
}

/** `Prisma.sql`, `Prisma.join`, and the input types of every model. Only lib/db imports the generated client itself. */
export { Prisma };
export type {
  Appliance,
  AuditEntry,
  Blob as BlobRow,
  Cluster,
  Controller,
  DiskSnapshot,
  Event as EventRow,
  Install,
  InstallEvent,
  Instance,
  InstanceDisk,
  InstanceExport,
  InstanceNic,
  InstanceParameter,
  Job,
  JobLog,
  JobPrivateValue,
  Network,
  NetworkAddress,
  Node as NodeRow,
  OsDefinition,
  OsDefinitionVersion,
  ParameterDefault,
  PreviousParameter,
  PreviousSystem,
  Receipt,
  User,
} from "./generated/client.ts";
