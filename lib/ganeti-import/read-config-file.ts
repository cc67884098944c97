import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { GanetiConfig } from "#lib/domain/ganeti-config.ts";
import { parseGanetiConfig } from "#lib/domain/ganeti-config.ts";

/** Bytes. 100 000 instances are some 150 MiB, and a string can't be much longer than twice this. */
export const CONFIG_BYTES = 256 * 1_048_576;
/** In the place of a file's name: what comes in by standard input. */
export const STANDARD_INPUT = "-";

/**
 * Reads a Ganeti cluster's `config.data`: a regular file and no link, or standard input for a file that this user may not read.
 *
 * @throws SlipwayError `invalid`, `too_large`, `unsupported` with the place in the file, never with anything that it holds.
 */
export async function readConfigFile(file: string): Promise<GanetiConfig> {
  return parseGanetiConfig(parseJson(await readText(file)));
}

async function readText(file: string): Promise<string> {
  if (file === STANDARD_INPUT) return decode(process.stdin);
  // No waiting for a pipe's other end, no following of what somebody put in its place.
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((cause: unknown) => {
    const code = typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string" ? cause.code : "unknown";
    throw unreadable(code === "ELOOP" ? "it is a link" : code);
  });
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw unreadable("it is not a regular file");
    if (stats.size > CONFIG_BYTES) throw tooLarge();
    return await decode(handle.createReadStream({ autoClose: false }));
  } finally {
    await handle.close();
  }
}

async function decode(chunks: AsyncIterable<unknown>): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let bytes = 0;
  for await (const chunk of chunks) {
    if (!(chunk instanceof Uint8Array)) throw unreadable("it is not bytes");
    bytes += chunk.byteLength;
    if (bytes > CONFIG_BYTES) throw tooLarge();
    text += decodePart(decoder, chunk, true);
  }
  return text + decodePart(decoder, new Uint8Array(), false);
}

function decodePart(decoder: TextDecoder, chunk: Uint8Array, stream: boolean): string {
  try {
    return decoder.decode(chunk, { stream });
  } catch {
    throw new SlipwayError("invalid", "The configuration is not UTF-8 text.", { field: "config" });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own words quote the file, and private parameters stand in it: neither is passed on.
    throw new SlipwayError("invalid", "The configuration is not JSON.", { field: "config" });
  }
}

function unreadable(why: string): SlipwayError {
  return new SlipwayError("invalid", `The configuration can't be read: ${why}.`, { field: "config" });
}

function tooLarge(): SlipwayError {
  return new SlipwayError("too_large", `The configuration has more than ${CONFIG_BYTES / 1_048_576} MiB.`, { field: "config" });
}
