import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import path from "node:path";
import { z } from "zod";
import { say } from "#scripts/up/terminal.ts";
import { compared, type Figure, median } from "./figures.ts";
import { FLOODS, type Flood } from "./metadata-flood.ts";
import { endChild, makePlace, type Place, startServer } from "./metadata-place.ts";

/** A guest's quickest requests while a neighbour does its worst may take so many times as long. */
const AT_MOST = 2;
const SECONDS = 4;
/** The neighbour is held to half a core: it runs so long, and then stands still as long; milliseconds. */
const DUTY_MS = 5;
const answerSchema = z.object({ p99: z.number() });

/**
 * What a well-behaved guest's requests take, alone and while a neighbour of the same agent floods it: 99 of 100 are no slower. Two
 * client processes stand for the guests; e2e/network does the same with virtual machines.
 */
export async function measureNeighbour(rounds: number): Promise<readonly Figure[]> {
  const place = await makePlace();
  try {
    say(place.reason === null ? "requests come from a guest's network namespace" : `requests come over loopback: ${place.reason}`);
    const server = await startServer(place, "service", 2);
    try {
      const [own = 0, other = 0] = server.ports.guests;
      const alone: number[] = [];
      const floods = new Map<Flood, number[]>(FLOODS.map((kind) => [kind, []]));
      await measure(place, own);
      for (let round = 1; round <= rounds; round++) {
        say(`round ${round} of ${rounds}`);
        alone.push(await measure(place, own));
        for (const [kind, times] of floods) times.push(await besideFlood(place, kind, other, () => measure(place, own)));
      }
      return [...floods].map(([kind, times]) => compared(`p99 beside ${kind}`, median(times), "ms", median(alone), AT_MOST));
    } finally {
      await server.end();
    }
  } finally {
    await place.end();
  }
}

function start(place: Place, ...args: readonly string[]): ChildProcess {
  const [program, ...rest] = place.inGuest([process.execPath, path.join(import.meta.dirname, "metadata-flood.ts"), place.host, ...args]);
  return spawn(program, rest, { stdio: ["ignore", "pipe", "inherit"] });
}

/** Milliseconds. */
async function measure(place: Place, port: number): Promise<number> {
  const child = start(place, String(port), "guest", String(SECONDS));
  try {
    const line = await new Promise<string>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (status) => {
        reject(new Error(`the guest ended with ${String(status)}`));
      });
      if (child.stdout !== null) createInterface({ input: child.stdout }).once("line", resolve);
    });
    return answerSchema.parse(JSON.parse(line)).p99;
  } finally {
    await endChild(child);
  }
}

async function besideFlood(place: Place, kind: Flood, port: number, take: () => Promise<number>): Promise<number> {
  const child = start(place, String(port), kind, String(SECONDS * 3));
  let isRunning = true;
  const duty = setInterval(() => {
    child.kill(isRunning ? "SIGSTOP" : "SIGCONT");
    isRunning = !isRunning;
  }, DUTY_MS);
  try {
    return await take();
  } finally {
    clearInterval(duty);
    await endChild(child);
  }
}
