/**
 * The benchmark `metadata-guests`, as root in namespaces of its own: what a guest under an attacker's control takes from its neighbour's
 * requests. Two real virtual machines, each held to half a processor; for each round the neighbour's p99 alone, and while the other does
 * all of the floods. Prints the figures as its last line.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { InstanceSpec } from "#lib/agent-protocol/messages.ts";
import { HOST_ADDRESS } from "#lib/domain/channel-address.ts";
import { networkPlace } from "#scripts/test/require-network.ts";
import { Bed } from "../e2e/network/bed.ts";
import { addressesOf, channelInstance, probeDisks } from "../e2e/network/guests.ts";
import { addressPlan } from "../e2e/network/hostile-plan.ts";
import { CpuShares } from "./cpu-share.ts";
import { compared, type Figure, median, reported } from "./figures.ts";

const WINDOW_SECONDS = 3;
const WINDOWS = 3;
/** Seconds of each kind of flood, which is repeated until it has been measured. */
const FLOOD_SECONDS = 9;
const REPEATED = 20;
const AT_MOST = 2;
const BOOT_MS = 120_000;
const FLOODS: Readonly<Record<string, string>> = {
  "1,000 connections": `slow 1000 ${String(FLOOD_SECONDS)}`,
  "10 GB to write": `pour ${String(FLOOD_SECONDS)} 10737418240 length`,
  "10 GB in chunks": `pour ${String(FLOOD_SECONDS)} 10737418240 chunked`,
  "DHCP": `dhcp-flood ${String(FLOOD_SECONDS)}`,
  "requests": `measure ${String(FLOOD_SECONDS)} 1 /latest/meta-data/hostname 0`,
};

const place = networkPlace();
const rounds = Number(process.argv[2] ?? "5");
const probe = { copyOf: path.join(place.guests, "probe.raw") };
const bed = await Bed.start(place);
const shares = await CpuShares.open(path.join(place.scratch, "cpu"));
const figures: Figure[] = [];

interface Window {
  readonly p99: number;
  readonly failed: number;
}

async function windows(instance: InstanceSpec): Promise<Window[]> {
  return [...(await bed.console(instance)).matchAll(/^probe quick window=\d+ count=\d+ failed=(\d+) p50=\d+ p99=(\d+)/gm)].map(([, failed, p99]) => ({ failed: Number(failed), p99: Number(p99) / 1_000 }));
}

function hold(instance: InstanceSpec, name: string): void {
  shares.hold(name, Number(readFileSync(path.join(bed.instanceFolder(instance), "run/qemu.pid"), "utf8")));
}

/** A window that began after so many others had ended. */
async function nextWindows(instance: InstanceSpec, count: number): Promise<Window[]> {
  const begun = (await windows(instance)).length + 1;
  await bed.untilConsoleSays(instance, new RegExp(`probe quick window=${String(begun + count)} `), BOOT_MS);
  return (await windows(instance)).slice(begun, begun + count);
}

try {
  const neighbour = channelInstance("neighbour.example.org", "169.254.0.21", { disks: probeDisks() });
  await bed.placeDisks(neighbour, [probe, { text: [...addressPlan(addressesOf(neighbour)), `quick measure ${String(WINDOW_SECONDS)} 0 /latest/meta-data/hostname 10`, ""].join("\n") }]);
  await bed.power(neighbour, "start", { parameters: new Map(), userData: null });
  hold(neighbour, "neighbour");
  await bed.untilConsoleSays(neighbour, /quick window=2 /, BOOT_MS);
  const alone: number[] = [];
  const beside = new Map<string, number[]>(Object.keys(FLOODS).map((name) => [name, []]));
  let failed = 0;
  for (let round = 1; round <= rounds; round++) {
    process.stdout.write(`round ${String(round)} of ${String(rounds)}\n`);
    alone.push(...(await nextWindows(neighbour, WINDOWS)).map(({ p99 }) => p99));
    for (const [name, command] of Object.entries(FLOODS)) {
      const hostile = channelInstance("hostile.example.org", "169.254.0.22", { disks: probeDisks() });
      await bed.placeDisks(hostile, [probe, { text: [...addressPlan(addressesOf(hostile)), `own reach ${HOST_ADDRESS} 80`, "flood mark begins", ...Array.from({ length: REPEATED }, () => `flood ${command}`), "flood mark ends", ""].join("\n") }]);
      await bed.power(hostile, "start", { parameters: new Map(), userData: null });
      hold(hostile, "hostile");
      await bed.untilConsoleSays(hostile, /probe flood begins/, BOOT_MS);
      const [window] = await nextWindows(neighbour, 1);
      if (window === undefined || /probe flood ends/.test(await bed.console(hostile))) throw new Error(`the flood of ${name} has ended before the neighbour's measurement`);
      beside.get(name)?.push(window.p99);
      failed += window.failed;
      await bed.client.removeInstance(hostile.id, hostile.id);
    }
  }
  for (const [name, values] of beside) figures.push(compared(`neighbour's p99 beside ${name}`, median(values), "ms", median(alone), AT_MOST));
  figures.push(reported("neighbour's requests that failed", failed, "requests", "none"));
} finally {
  await bed.end();
  shares.close();
}
process.stdout.write(`${JSON.stringify(figures)}\n`);
