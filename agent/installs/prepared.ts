import type { FetchedMedia } from "../sources/fetch-media.ts";
import type { TarScript } from "../metadata/tar-scripts.ts";
import type { WorkDisk } from "./work-disks.ts";

/** What an install has before the running system stops. */
export interface Prepared {
  /** Of the definition's untrusted half. */
  readonly scripts: readonly TarScript[];
  readonly disks: readonly WorkDisk[];
  /** The personalization package, in memory alone, and zeros once the install is over; null: none. */
  readonly archive: Buffer | null;
  /** Files of the medium by installation parameter, relative to the instance's folder; null: no medium. */
  readonly media: FetchedMedia["files"] | null;
}

/** Takes a package's bytes out of memory. */
export function wipe(archive: Buffer | null): void {
  archive?.fill(0);
}
