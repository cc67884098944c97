import { spawnSync } from "node:child_process";
import { Refusal, say } from "#scripts/up/terminal.ts";
import { comparedRate, compared, type Figure, median, reported } from "./figures.ts";
import { makePlace, type Place, type Started, startServer } from "./metadata-place.ts";
import { DOCUMENTS } from "./metadata-server.ts";

const CONNECTIONS = 4;
const WARM_UP_SECONDS = 2;
const SECONDS = 4;
/** Of the bare server's requests per second. */
const AT_LEAST = 0.8;

/** What one stretch of load has shown. */
interface Load {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p99: number;
  /** Microseconds of the server's processor time. */
  readonly perRequest: number;
}

/**
 * What the metadata service answers over kept-alive connections from a guest's network namespace, beside bare servers of the same
 * runtime that answer a constant of the same size, in turns (design: "The metadata service"; the aim stands in the issue that built it).
 */
export async function measureMetadata(rounds: number): Promise<readonly Figure[]> {
  if (spawnSync("wrk", ["--version"]).error !== undefined) throw new Refusal("wrk isn't there; Debian has it as a package of that name");
  const place = await makePlace();
  try {
    say(place.reason === null ? "load comes from a guest's network namespace" : `load comes over loopback: ${place.reason}`);
    const service = await startServer(place, "service", 1);
    try {
      const bare = await startServer(place, "bare", 0);
      try {
        return await measureAll(place, rounds, { service, bare });
      } finally {
        await bare.end();
      }
    } finally {
      await service.end();
    }
  } finally {
    await place.end();
  }
}

async function measureAll(place: Place, rounds: number, servers: { readonly service: Started; readonly bare: Started }): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const [index, document] of DOCUMENTS.entries()) {
    const name = document.slice(document.lastIndexOf("/") + 1);
    const ports = { service: servers.service.ports.guests[0] ?? 0, bare: servers.bare.ports.bare[index] ?? 0 };
    const take = (kind: "service" | "bare", seconds: number): Load => load(place, servers[kind], `http://${place.host}:${ports[kind]}/${document}`, seconds);
    const loads: { readonly service: Load[]; readonly bare: Load[] } = { service: [], bare: [] };
    for (const kind of ["bare", "service"] as const) take(kind, WARM_UP_SECONDS);
    for (let round = 1; round <= rounds; round++) {
      say(`${name}, round ${round} of ${rounds}`);
      const kinds = ["bare", "service"] as const;
      for (const kind of round % 2 === 0 ? kinds.toReversed() : kinds) loads[kind].push(take(kind, SECONDS));
      // Children that have ended are heard of between rounds.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const middle = (kind: "service" | "bare", key: keyof Load): number => median(loads[kind].map((one) => one[key]));
    figures.push(
      comparedRate(`${name} per second`, middle("service", "perSecond"), "1/s", middle("bare", "perSecond"), AT_LEAST),
      reported(`${name} per second, absolute`, middle("service", "perSecond"), "1/s", "over 40000 on 2 cores"),
      compared(`${name} processor time`, middle("service", "perRequest"), "us", middle("bare", "perRequest"), 1 / AT_LEAST),
      compared(`${name} p99`, middle("service", "p99"), "ms", middle("bare", "p99")),
    );
  }
  return figures;
}

/** Load by wrk for so many seconds, from the guest's side. @throws Error where an answer was anything but the document */
function load(place: Place, server: Started, url: string, seconds: number): Load {
  const before = server.processorMs();
  const command = ["wrk", "--threads=1", `--connections=${CONNECTIONS}`, `--duration=${seconds}s`, "--latency", url];
  const [program, ...rest] = place.inGuest(command);
  const { stdout, stderr, status } = spawnSync(program, rest, { encoding: "utf8", timeout: (seconds + 20) * 1_000 });
  const perSecond = /^Requests\/sec:\s+([\d.]+)$/m.exec(stdout)?.[1];
  const [, p99, unit] = /^\s+99%\s+([\d.]+)(us|ms|s)$/m.exec(stdout) ?? [];
  if (status !== 0 || perSecond === undefined || p99 === undefined) throw new Error(`wrk says nothing of use\n${stdout}${stderr}`);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`not every request was answered\n${stdout}`);
  const requests = Number(/^\s+(\d+) requests in /m.exec(stdout)?.[1] ?? Number.NaN);
  return { perRequest: ((server.processorMs() - before) * 1_000) / requests, perSecond: Number(perSecond), p99: Number(p99) * (unit === "s" ? 1_000 : unit === "us" ? 0.001 : 1) };
}
