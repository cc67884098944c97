import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { createServer } from "node:net";
import { hasErrnoCode } from "./files.ts";

/**
 * Makes sure that one agent alone works in a data folder, for as long as the process lives. The lock is a socket in the kernel's
 * abstract namespace: it goes with the process however that ends.
 */
export async function holdAlone(dataDir: string): Promise<() => void> {
  const name = createHash("sha256").update(await realpath(dataDir)).digest("hex").slice(0, 32);
  const server = createServer((connection) => connection.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => {
      reject(hasErrnoCode(error, "EADDRINUSE") ? new Error(`Another agent works in ${dataDir}.`) : error);
    });
    server.listen(`\0slipway-agent-${name}`, resolve);
  });
  server.unref();
  return () => server.close();
}
