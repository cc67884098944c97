import type { Logger } from "pino";
import type { GuestData } from "#lib/agent-protocol/messages.ts";
import type { Instance } from "../instances/instance.ts";
import type { Retention } from "../installs/retention.ts";
import type { Rooms } from "../installs/room.ts";
import type { DiskOrderRecord } from "./disk-order-record.ts";
import type { Eraser } from "./erase.ts";

/** What work on disks is done with. */
export interface DiskOrderContext {
  readonly eraser: Eraser;
  readonly retention: Retention;
  readonly rooms: Rooms;
  readonly log: Logger;
}

/** An order under way. Its instance is held. */
export interface DiskOrderRun extends DiskOrderContext {
  readonly instance: Instance;
  readonly record: DiskOrderRecord;
  /** Of a system that is started at the end; null: there is none, or it died with an earlier process of the agent. */
  readonly guestData: GuestData | null;
  /** Of the system that ran before, likewise. */
  readonly guestDataBefore: GuestData | null;
  /** The agent is shutting down. */
  readonly signal: AbortSignal;
  /** Stores how far it has come. */
  save(change: Partial<DiskOrderRecord>): Promise<void>;
}

export type WorkOf<A> = Extract<DiskOrderRecord["work"], { action: A }>;
