import { statfs } from "node:fs/promises";
import { sourceError } from "./source-error.ts";

const MIB = 1_048_576;
/** Left free whatever is laid down here: the disks of running guests are mostly holes, and they write into the same room. */
const RESERVE_BYTES = 256 * MIB;
/** So many bytes may be laid down between two looks. */
const LOOK_BYTES = 64 * MIB;

/** Watches that what somebody else decides the length of doesn't take the last room of a filesystem. */
export class RoomKeeper {
  readonly #folder: string;
  readonly #field: string;
  #untilLook = 0;

  /** @param folder on the filesystem; `field`: of what is laid down, as errors name it */
  constructor(folder: string, field: string) {
    this.#folder = folder;
    this.#field = field;
  }

  /** So many bytes are about to be written. @throws SlipwayError no_room */
  async take(bytes: number): Promise<void> {
    this.#untilLook -= bytes;
    if (this.#untilLook >= 0) return;
    this.#untilLook = LOOK_BYTES;
    const { bavail, bsize } = await statfs(this.#folder);
    if (bavail * bsize < RESERVE_BYTES + LOOK_BYTES) throw sourceError("no_room", "The node's disk is nearly full: what comes doesn't fit on it.", this.#field);
  }
}
