import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { buildInstanceTree } from "#agent/metadata/build-trees.ts";
import type { MetadataContent } from "#agent/metadata/metadata-content.ts";
import { MetadataService } from "#agent/metadata/metadata-service.ts";
import { ReadPipe } from "#agent/metadata/read-pipe.ts";
import { WritePipe } from "#agent/metadata/write-pipe.ts";
import { instanceSpecSchema } from "#lib/agent-protocol/messages.ts";
import { RUNNING_GUEST_LIMITS } from "#lib/domain/guest-lines.ts";
import { ScrubPatterns } from "#lib/domain/scrub.ts";
import { privateValue } from "#lib/domain/visibility.ts";

/** What is asked for, on both servers. */
export const DOCUMENTS = ["ganeti/latest/os/parameters.json", "openstack/latest/meta_data.json"] as const;

/** Says where the servers listen: a line of JSON on stdout. */
export interface ServerPorts {
  /** The real service, a port a guest. */
  readonly guests: readonly number[];
  /** Bare servers of the same runtime, one for each of DOCUMENTS, that answer a constant of the same size. */
  readonly bare: readonly number[];
}

/** The program that is measured, in a process of its own: the real service for so many guests, or bare servers. */
async function main(kind: "service" | "bare", host: string, guests: number): Promise<void> {
  const content = exampleContent();
  const ports: ServerPorts = kind === "service" ? { guests: await serveGuests(host, guests, content), bare: [] } : { guests: [], bare: await serveConstants(host, content) };
  process.stdout.write(`${JSON.stringify(ports)}\n`);
  // Until whoever started it goes.
  process.stdin.on("end", () => process.exit(0)).resume();
}

async function serveGuests(host: string, guests: number, content: MetadataContent): Promise<number[]> {
  const log = pino({ level: "silent" });
  const services = Array.from({ length: guests }, () => MetadataService.listenTcp({ host, host6: null, isGuest: () => true }, content, log));
  return (await Promise.all(services)).map(({ port }) => port);
}

function serveConstants(host: string, { tree }: MetadataContent): Promise<number[]> {
  return Promise.all(
    DOCUMENTS.map((path) => {
      const body = tree.get(path);
      if (body === undefined || body instanceof Promise || body.kind !== "text") throw new Error(`there is no ${path}`);
      const headers = { "content-type": body.type, "content-length": body.bytes.length };
      const server = createServer((_request, response) => {
        response.writeHead(200, headers).end(body.bytes);
      });
      return new Promise<number>((resolve) => {
        server.listen(0, host, () => {
          // Listening on a port: an address is an object.
          resolve((server.address() as AddressInfo).port);
        });
      });
    }),
  );
}

function exampleContent(): MetadataContent {
  const id = (digit: string): string => `00000000-0000-4000-8000-${digit.repeat(12)}`;
  const spec = instanceSpecSchema.parse({
    id: id("1"),
    name: "web1.example.org",
    vcpus: 1,
    memoryMib: 512,
    disks: [{ id: id("2"), index: 0, sizeMib: 2_048, name: null }],
    nics: [{ id: id("3"), index: 0, mac: "aa:00:00:12:34:56", ip: "192.0.2.10", mode: "bridged", link: "br0", name: null }],
    tags: ["env:bench"],
    communication: true,
    channelIp: "169.254.0.2",
  });
  const parameters = new Map([
    ["hostname_suffix", { visibility: "public", value: "example.org" }],
    ["root_password", { visibility: "private", value: privateValue("only-in-this-benchmark") }],
  ] as const);
  const nothing = (): void => undefined;
  return {
    tree: buildInstanceTree({ spec, node: "node1", guestData: { parameters, userData: null } }),
    requireTokens: false,
    isComplete: null,
    read: new ReadPipe(RUNNING_GUEST_LIMITS),
    write: new WritePipe(new ScrubPatterns([]), null, { onLine: nothing, onNotice: nothing, onResult: nothing }, RUNNING_GUEST_LIMITS),
    streams: null,
    onContact: nothing,
    onRefused: nothing,
    onNotice: nothing,
  };
}

if (import.meta.main) {
  const [kind, host = "127.0.0.1", guests = "1"] = process.argv.slice(2);
  await main(kind === "bare" ? "bare" : "service", host, Number(guests));
}
