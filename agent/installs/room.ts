import { stat } from "node:fs/promises";
import { SlipwayError } from "#lib/domain/errors.ts";
import { isMissing } from "../files.ts";
import type { ImageCache } from "../imaging/image-cache.ts";
import { freeMib, MIB } from "./disks.ts";

/** Left free on the node whatever is asked for. */
const RESERVE_MIB = 256;

/** Something that will be written: a file as large as this, or bytes somewhere, where `file` is null. */
export interface Wanted {
  readonly file: string | null;
  readonly bytes: number;
}

/** What a file takes on its filesystem, in bytes; 0 where there is none. */
export async function allocatedBytes(file: string): Promise<number> {
  try {
    return (await stat(file)).blocks * 512;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

/**
 * Room on the node's filesystem, promised to installs under way: disks are sparse, so that what is free now is wanted by them all
 * (design: "Where there is no room for both, the request is refused").
 */
export class Rooms {
  readonly #folder: string;
  readonly #cache: Pick<ImageCache, "makeRoom">;
  readonly #promised = new Map<string, readonly Wanted[]>();
  #turn: Promise<unknown> = Promise.resolve();

  /** @param cache gives its room back before an install is refused for the want of it */
  constructor(folder: string, cache: Pick<ImageCache, "makeRoom">) {
    this.#folder = folder;
    this.#cache = cache;
  }

  /**
   * Promises an install room beside what the others will still write.
   *
   * @throws SlipwayError `no_room`
   */
  async reserve(id: string, wanted: readonly Wanted[]): Promise<void> {
    // One after the other: two that look at once would both find the same room.
    const reserving = this.#turn.then(() => this.#reserve(id, wanted));
    this.#turn = reserving.catch(() => undefined);
    await reserving;
  }

  /** The install is over. */
  release(id: string): void {
    this.#promised.delete(id);
  }

  async #reserve(id: string, wanted: readonly Wanted[]): Promise<void> {
    const others = [...this.#promised].filter(([other]) => other !== id).flatMap(([, promised]) => promised);
    const promisedMib = Math.ceil((await stillWanted(others)) / MIB);
    const neededMib = Math.ceil((await stillWanted(wanted)) / MIB);
    await this.#cache.makeRoom(promisedMib + neededMib + RESERVE_MIB);
    const { free } = await freeMib(this.#folder);
    if (free - promisedMib < neededMib + RESERVE_MIB) {
      const others = promisedMib === 0 ? "" : `, ${String(promisedMib)} MiB of it for installs under way`;
      throw new SlipwayError("no_room", `The node has ${String(free)} MiB free${others}; the install needs ${String(neededMib)} MiB.`, { field: "disks" });
    }
    this.#promised.set(id, wanted);
  }
}

async function stillWanted(wanted: readonly Wanted[]): Promise<number> {
  let sum = 0;
  for (const { file, bytes } of wanted) sum += Math.max(0, bytes - (file === null ? 0 : await allocatedBytes(file)));
  return sum;
}
