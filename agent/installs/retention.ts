import type { Logger } from "pino";
import { isFinal } from "#lib/domain/install-states.ts";
import type { Eraser } from "../disk-orders/erase.ts";
import { discardKept, keptIndexes } from "../disk-orders/kept-disks.ts";
import type { Instances } from "../instances/instances.ts";
import type { InstallRecord } from "./install-record.ts";

/** How long what is over can still be asked about: as long as the same order may come again. */
export const REMEMBERED_MS = 7 * 24 * 3_600_000;
const LOOK_MS = 30_000;

/** Disks of a system that was replaced: files of its instance's folder (agent/disk-orders/kept-disks.ts). */
export interface KeptSystem {
  /** Of the install or rollback that replaced it. */
  readonly id: string;
  readonly instanceId: string;
  /** Milliseconds since 1970. */
  readonly until: number;
  readonly erase: boolean;
  /** Whether it may show values on its console that nobody knows any more. */
  readonly hasSealedValues: boolean;
}

interface Remembered {
  readonly acceptedAt: number;
  readonly forget: () => Promise<void>;
}

export interface RetentionOptions {
  readonly instances: Instances;
  readonly eraser: Eraser;
  readonly log: Logger;
}

/**
 * Removes the disks of replaced systems when their time is up, and records of installs and disk orders that nobody will ask about any
 * more. What is durable are the disks and those records: they are told again after a restart.
 */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #kept = new Map<string, KeptSystem>();
  /** Those that a rollback has taken hold of. */
  readonly #claimed = new Map<string, KeptSystem>();
  readonly #remembered = new Map<string, Remembered>();
  readonly #timer: NodeJS.Timeout;
  #hasBegun = false;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.look(), LOOK_MS);
    this.#timer.unref();
  }

  /** Nothing is removed before this: what an earlier process left half done has to be brought to its end first. */
  begin(): void {
    this.#hasBegun = true;
    void this.look();
  }

  /** What an install that is over has left. `forget` is called when its record is of no more use. */
  keepInstall({ status, previousUntil, erase, previous, acceptedAt }: InstallRecord, forget: () => Promise<void>): void {
    if (!isFinal(status.state)) return;
    if (previousUntil !== null) {
      this.#kept.set(status.id, { id: status.id, instanceId: status.instanceId, until: Date.parse(previousUntil), erase, hasSealedValues: previous.hasSealedValues });
    }
    this.remember(status.id, Date.parse(acceptedAt), forget);
  }

  keep(system: KeptSystem): void {
    this.#kept.set(system.id, system);
    if (system.until <= Date.now()) void this.look();
  }

  remember(id: string, acceptedAt: number, forget: () => Promise<void>): void {
    this.#remembered.set(id, { acceptedAt, forget });
    const until = this.#kept.get(id)?.until;
    if (until !== undefined && until <= Date.now()) void this.look();
  }

  /** A system that is kept for an instance; undefined where it is gone. */
  find(instanceId: string, id: string): KeptSystem | undefined {
    const kept = this.#kept.get(id);
    return kept?.instanceId === instanceId && kept.until > Date.now() ? kept : undefined;
  }

  /** A rollback takes hold of it, in the instance's turn: whatever its time, its disks stay. */
  claim(id: string): void {
    const kept = this.#kept.get(id);
    if (kept !== undefined) this.#claimed.set(id, kept);
    this.#kept.delete(id);
  }

  /** The rollback is over. `used`: its disks are the instance's again. */
  release(id: string, used: boolean): void {
    const kept = this.#claimed.get(id);
    this.#claimed.delete(id);
    if (kept !== undefined && !used) this.#kept.set(id, kept);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** Looks what is over by now. Never rejects. */
  look(): Promise<void> {
    if (!this.#hasBegun) return this.#looking;
    this.#looking = this.#looking.then(async () => {
      for (const id of new Set([...this.#kept.keys(), ...this.#remembered.keys()])) {
        try {
          await this.#lookAt(id);
        } catch (error) {
          this.#options.log.warn({ err: error, id }, "what was kept for a while can't be removed");
        }
      }
    });
    return this.#looking;
  }

  async #lookAt(id: string): Promise<void> {
    const kept = this.#kept.get(id);
    if (kept !== undefined && kept.until <= Date.now()) await this.#discard(kept);
    const remembered = this.#remembered.get(id);
    if (remembered !== undefined && !this.#kept.has(id) && remembered.acceptedAt + REMEMBERED_MS < Date.now()) {
      await remembered.forget();
      this.#remembered.delete(id);
    }
  }

  /** In the instance's turn: a rollback that has found its disks keeps them. */
  async #discard({ id, instanceId, erase }: KeptSystem): Promise<void> {
    const { instances, eraser } = this.#options;
    const instance = await instances.get(instanceId);
    await instance.inTurn(async () => {
      if (!this.#kept.has(id)) return;
      if ((await keptIndexes(instance.folder, id)).length > 0) await discardKept(instance.folder, id, eraser, erase);
      this.#kept.delete(id);
    });
  }
}
