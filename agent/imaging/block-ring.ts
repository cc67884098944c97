/** What is written to a disk at once, and compared with what was read back: bytes. */
export const BLOCK_BYTES = 1_048_576;
const PAGE_BYTES = 65_536;

/**
 * Blocks of memory that begin at the edge of a page, which reading and writing past the page cache (O_DIRECT) wants. WebAssembly's memory
 * is the one that a runtime maps by pages.
 *
 * @param shared whether other threads are to see them
 */
export function makeBlocks(count: number, shared: boolean): ArrayBufferLike {
  const pages = (count * BLOCK_BYTES) / PAGE_BYTES;
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared }).buffer;
}

export function blocksOf(memory: ArrayBufferLike): Buffer[] {
  return Array.from({ length: memory.byteLength / BLOCK_BYTES }, (_, index) => Buffer.from(memory, index * BLOCK_BYTES, BLOCK_BYTES));
}
