import type { ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** An answer of so many bytes as they come, ended where nobody takes any for `stalledMs`. Whoever hears too few knows that it broke off. */
export async function sendStream(response: ServerResponse, { stream, length }: { readonly stream: Readable; readonly length: number }, stalledMs: number): Promise<void> {
  response.setTimeout(stalledMs, () => response.destroy());
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": length, "cache-control": "no-store" });
  await pipeline(stream, response);
}
