import { type FileHandle, open } from "node:fs/promises";

/**
 * A folder whose unix sockets can be reached whatever the length of its path: the kernel takes no more than 107 bytes for
 * a socket's address, and `/proc/self/fd/N/…` is always short.
 */
export class SocketFolder {
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  static async open(path: string): Promise<SocketFolder> {
    return new SocketFolder(await open(path, "r"));
  }

  /** The address of a socket of this folder, for listening or connecting while the folder is open. */
  address(name: string): string {
    return `/proc/self/fd/${String(this.#handle.fd)}/${name}`;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
