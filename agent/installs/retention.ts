import { existsSync } from "node:fs";
import type { Logger } from "pino";
import { isFinal } from "#lib/domain/install-states.ts";
import type { Instances } from "../instances/instances.ts";
import { removePrevious } from "./disks.ts";
import type { InstallRecord } from "./install-record.ts";

/** How long an install that is over can still be asked about: as long as the same order may come again. */
const REMEMBERED_MS = 7 * 24 * 3_600_000;
const LOOK_MS = 30_000;

/** Removes previous disks when their time is up, and records of installs that nobody will ask about any more. */
export class Retention {
  readonly #instances: Instances;
  readonly #log: Logger;
  readonly #forget: (installId: string) => Promise<void>;
  readonly #kept = new Map<string, InstallRecord>();
  readonly #timer: NodeJS.Timeout;

  constructor(instances: Instances, log: Logger, forget: (installId: string) => Promise<void>) {
    this.#instances = instances;
    this.#log = log;
    this.#forget = forget;
    this.#timer = setInterval(() => void this.look(), LOOK_MS);
    this.#timer.unref();
  }

  keep(record: InstallRecord): void {
    if (!isFinal(record.status.state)) return;
    this.#kept.set(record.status.id, record);
    if (record.previousUntil !== null && Date.parse(record.previousUntil) <= Date.now()) void this.look();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async look(): Promise<void> {
    for (const [id, record] of this.#kept) {
      try {
        await this.#lookAt(id, record);
      } catch (error) {
        this.#log.warn({ err: error, install: id }, "a previous disk can't be removed");
      }
    }
  }

  async #lookAt(id: string, record: InstallRecord): Promise<void> {
    const now = Date.now();
    if (record.previousUntil !== null && Date.parse(record.previousUntil) <= now) {
      const instance = await this.#instances.get(record.status.instanceId);
      if (existsSync(instance.folder)) await removePrevious(instance.folder, id);
      this.#kept.set(id, { ...record, previousUntil: null });
    }
    if (record.previousUntil === null && Date.parse(record.acceptedAt) + REMEMBERED_MS < now) {
      this.#kept.delete(id);
      await this.#forget(id);
    }
  }
}
