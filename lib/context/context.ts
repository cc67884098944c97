import type { AgentClient } from "#lib/agent-protocol/client.ts";
import type { Config } from "#lib/config/config.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import type { NotificationListener } from "#lib/db/listen.ts";
import type { Identity } from "#lib/domain/access.ts";
import type { FeedEvent, FeedPayload } from "#lib/domain/feed.ts";
import type { Private, Secret } from "#lib/domain/visibility.ts";
import type { Logger } from "#lib/logging/logger.ts";

/**
 * What a controller process has beside its code. Made once by server/main.ts; the bundled pages have copies of every
 * module, so all state is here and modules are functions that take it.
 */
export interface Services {
  readonly config: Config;
  /** This process's row in the table of controllers: who holds a job's secrets, who follows a node. */
  readonly controllerId: string;
  readonly db: Database;
  /** The one LISTEN connection of the process. */
  readonly notifications: NotificationListener;
  readonly keyring: Keyring;
  readonly vault: SecretVault;
  readonly credentials: CredentialCache;
  readonly pki: NodeCertificates;
  readonly agents: AgentPool;
  readonly feed: EventFeed;
  readonly jobs: JobQueue;
  readonly log: Logger;
}

/** Who asks for an operation, by which way. Every operation takes one as its first argument. */
export interface RequestContext {
  readonly services: Services;
  readonly identity: Identity;
  readonly interface: "console" | "api" | "rapi" | "setup" | "system";
  /** Of the client; null where there is none. */
  readonly address: string | null;
  readonly requestId: string;
  /** Everything is checked and nothing is done; a submission is answered with a job that says so (lib/jobs/accept-job.ts). */
  readonly dryRun?: true;
}

/** What user data are called among private values. With a space: no parameter has this name. */
export const USER_DATA = "user data";

/** Where a private value is kept. An envelope opens only in the place for which it was made. */
export type EnvelopePlace =
  | { readonly kind: "instance"; readonly instanceId: string; readonly name: string }
  | { readonly kind: "job"; readonly jobId: number; readonly name: string }
  /** Of an instance, what its metadata hands out as they are. */
  | { readonly kind: "user-data"; readonly instanceId: string; readonly name: typeof USER_DATA }
  /** A default; both null: the whole cluster's. */
  | { readonly kind: "default"; readonly definitionId: string | null; readonly variant: string | null; readonly name: string };

/** The data keys of the database, opened with a master key that isn't in it: lib/secrets/keyring.ts. */
export interface Keyring {
  /** Encrypts a private value for one place. @throws SlipwayError `internal` where another master key writes, which this process doesn't have. */
  seal(value: Private<string>, place: EnvelopePlace): Uint8Array<ArrayBuffer>;
  /**
   * Asks the database where another process has made a new key since.
   *
   * @throws SlipwayError `internal`, naming the key that is missing or the place that doesn't fit.
   */
  unseal(envelope: Uint8Array, place: EnvelopePlace): Promise<Private<string>>;
  /** Short and keyed, like `k3:9d02`: equal for equal values of one place's parameter, and for nothing else. `scope`: an instance's or a definition's id, or `cluster`. */
  fingerprint(value: Private<string>, place: { readonly scope: string; readonly name: string }): string;
  /** Signs with the cluster's key for receipts, Ed25519. `keyId`: sha256 of the public key as DER, hex. */
  sign(data: Uint8Array): { readonly keyId: string; readonly signature: Uint8Array };
  /** Encrypts the console's sessions. Another one once it has been rotated: ask each time. */
  readonly sessionSecret: Secret<string>;
}

/** Secret values of jobs that this process accepted, in memory only: lib/secrets/vault.ts. */
export interface SecretVault {
  /** Keeps the values of a job until `drop`. */
  put(jobId: number, values: ReadonlyMap<string, Secret<string>>): void;
  /** The values of a job, for its executor and for an agent that lost them; null: this process doesn't hold any. */
  get(jobId: number): ReadonlyMap<string, Secret<string>> | null;
  /** Forgets a job's values. Called at the job's end, whatever the end. */
  drop(jobId: number): void;
  /** Ids of the jobs whose values are held. */
  jobIds(): readonly number[];
}

/** Credentials that were checked lately, as keyed digests: lib/users/credential-cache.ts. */
export interface CredentialCache {
  get(name: string, password: string): CachedUser | null;
  /** Where the cache stands before a row is read; given to `set`, so that a change in between isn't papered over. */
  mark(): number;
  set(name: string, password: string, user: CachedUser, mark: number): void;
  dropUser(userId: string): void;
  dropAll(): void;
  /** Failed attempts by name and address: lib/users/attempt-limits.ts. */
  readonly attempts: AttemptLimits;
}

export interface CachedUser {
  readonly userId: string;
  readonly sessionEpoch: number;
  readonly identity: Identity & { readonly kind: "user" };
}

export interface AttemptLimits {
  /** Whether another try may be made now; it counts as a failure until `succeeded`. */
  begin(name: string, address: string | null): boolean;
  succeeded(name: string, address: string | null): void;
}

/** Signs the certificates of agents: lib/pki/certificate-authority.ts. */
export interface NodeCertificates {
  /** The cluster's own authority, PEM: what agents and RAPI clients trust. */
  readonly caCertificate: string;
  /**
   * A certificate for a node's agent. Of the request only the public key is used; the name is the node's.
   *
   * @throws SlipwayError `invalid`, field `csr`.
   */
  signAgentRequest(csr: string, nodeName: string): Promise<{ readonly certificate: string; readonly fingerprint: string }>;
}

/** The agents of all nodes: lib/agents/agent-pool.ts. */
export interface AgentPool {
  /** The client of a node. @throws SlipwayError `node_unreachable` where it has not enrolled. */
  client(nodeId: string): Promise<AgentClient>;
  /** Makes sure that a node has these blobs: sends the files from the blob store that it hasn't got. */
  pushBlobs(nodeId: string, digests: readonly string[], signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** A row of the feed's table before it is narrowed to somebody. */
export interface StoredEvent {
  readonly id: bigint;
  readonly at: Date;
  /** Owner of the object; administrators see everything. */
  readonly ownerId: string | null;
  readonly payload: FeedPayload;
}

export interface FeedSubscription {
  /** Id of the last event that the subscriber has; undefined: from now on. */
  readonly after?: string | undefined;
  /** An install whose new log entries come with its progress. */
  readonly installId?: string | undefined;
  readonly signal: AbortSignal;
  /** Who sees what. */
  readonly visible: (event: StoredEvent) => boolean;
}

/** Reads the feed's table once a process and hands it to all subscribers: lib/events/feed-hub.ts. */
export interface EventFeed {
  /**
   * Events in order. Ends when the signal fires, when the process stops, and when the subscriber is too slow; it takes up
   * again with the last id that it saw.
   */
  subscribe(subscription: FeedSubscription): AsyncIterable<FeedEvent>;
  /** Calls back for every new event, in order, for code of this process. Returns how to stop. */
  onEvent(listener: (event: StoredEvent) => void): () => void;
  close(): Promise<void>;
}

/** The queue behind jobs: lib/jobs. */
export interface JobQueue {
  /** Queues a job whose row this transaction has written. With `secretNames` only this process may run it. */
  enqueue(tx: Transaction, job: { readonly id: number; readonly secretNames: readonly string[] }): Promise<void>;
}

const SERVICES = Symbol.for("slipway.services");
// One slot on the global object, shared by every copy of this module. Its type can't be declared, since its key is made at run time.
const slot = globalThis as { [SERVICES]?: Services };

/** Makes the services findable for pages and route handlers. Called once, by server/main.ts. */
export function installServices(services: Services): void {
  slot[SERVICES] = services;
}

/** The services of this process. @throws where no controller runs in it. */
export function services(): Services {
  const found = slot[SERVICES];
  if (found === undefined) throw new Error("no controller runs in this process");
  return found;
}
