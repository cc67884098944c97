import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { GanetiConfig } from "#lib/domain/ganeti-config.ts";
import { parseGanetiConfig } from "#lib/domain/ganeti-config.ts";
import { GANETI_UUID } from "#lib/domain/ganeti-shapes.ts";
import type { JsonScanLimits, JsonScanProblem } from "#lib/domain/json-scan.ts";
import { scanJson } from "#lib/domain/json-scan.ts";

/** Bytes. 100 000 instances are some 150 MiB, and a string can't be much longer than twice this. */
export const CONFIG_BYTES = 256 * 1_048_576;
/**
 * An instance of Ganeti's with two disks of DRBD has some 35 objects and lists and 90 members. Within these, the worst that is no
 * configuration at all takes some 2.7 GiB of memory while it is parsed; without them 256 MiB of `{}` would take nine.
 */
export const CONFIG_PARTS: JsonScanLimits = { depth: 64, containers: 4_000_000, nodes: 12_000_000, keys: 4_000_000 };
const SHOWN_NAME = /^[a-z][a-z0-9_]{0,40}$/;
const PLACE_PARTS = 8;
/** In the place of a file's name: what comes in by standard input. */
export const STANDARD_INPUT = "-";

/**
 * Reads a Ganeti cluster's `config.data`: a regular file and no link, or standard input for a file that this user may not read.
 *
 * @throws SlipwayError `invalid`, `too_large`, `unsupported` with the place in the file, never with anything that it holds.
 */
export async function readConfigFile(file: string): Promise<GanetiConfig> {
  return parseGanetiConfig(parseJson(await readBytes(file)));
}

async function readBytes(file: string): Promise<Buffer> {
  if (file === STANDARD_INPUT) return collect(process.stdin);
  // No waiting for a pipe's other end, no following of what somebody put in its place.
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((cause: unknown) => {
    const code = typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string" ? cause.code : "unknown";
    throw unreadable(code === "ELOOP" ? "it is a link" : code);
  });
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw unreadable("it is not a regular file");
    if (stats.size > CONFIG_BYTES) throw tooLarge();
    return await collect(handle.createReadStream({ autoClose: false }));
  } finally {
    await handle.close();
  }
}

async function collect(chunks: AsyncIterable<unknown>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    if (!(chunk instanceof Uint8Array)) throw unreadable("it is not bytes");
    bytes += chunk.byteLength;
    if (bytes > CONFIG_BYTES) throw tooLarge();
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new SlipwayError("invalid", "The configuration is not UTF-8 text.", { field: "config" });
  }
}

/** What JSON makes of a text may be a hundred times its size: it is counted before. */
function parseJson(bytes: Buffer): unknown {
  const found = scanJson(bytes, CONFIG_PARTS);
  if (found !== null) throw refused(found);
  const text = decode(bytes);
  try {
    return JSON.parse(text);
  } catch {
    throw notJson();
  }
}

function refused({ problem, path }: JsonScanProblem): SlipwayError {
  const place = placeOf(path);
  switch (problem) {
    case "syntax":
      return notJson();
    case "duplicate":
      return new SlipwayError("invalid", `The configuration has ${place} twice: nobody could say which of the two is meant.`, { field: place });
    case "depth":
      return new SlipwayError("too_large", `The configuration has more than ${CONFIG_PARTS.depth} objects and lists in one another.`, { field: "config" });
    case "containers":
    case "nodes":
    case "keys":
      return new SlipwayError("too_large", "The configuration has more parts than those of 100 000 instances.", { field: "config" });
  }
}

/** Names that Ganeti's own have and ids as they are; anything could stand in others, and nothing of it is repeated. */
function placeOf(path: readonly (string | number)[]): string {
  const shown = path.slice(0, PLACE_PARTS).map((part) => (typeof part === "number" ? `[${part}]` : SHOWN_NAME.test(part) || GANETI_UUID.test(part) ? `.${part}` : ".?"));
  return shown.join("").replace(/^\./, "");
}

/** The parser's own words quote the file, and private parameters stand in it: neither is passed on. */
function notJson(): SlipwayError {
  return new SlipwayError("invalid", "The configuration is not JSON.", { field: "config" });
}

function unreadable(why: string): SlipwayError {
  return new SlipwayError("invalid", `The configuration can't be read: ${why}.`, { field: "config" });
}

function tooLarge(): SlipwayError {
  return new SlipwayError("too_large", `The configuration has more than ${CONFIG_BYTES / 1_048_576} MiB.`, { field: "config" });
}
