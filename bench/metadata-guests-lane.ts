import { chmodSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { z } from "zod";
import { buildHelper } from "#scripts/helper/build-helper.ts";
import { runOrFail } from "#scripts/process/run.ts";
import { inNamespaces, networkEnvironment } from "#scripts/test/network-lane.ts";
import { buildNetworkGuests } from "#scripts/up/artifacts.ts";
import type { PreparedRelease } from "#scripts/up/prepare.ts";
import { Refusal, say } from "#scripts/up/terminal.ts";
import type { Figure } from "./figures.ts";

export const GUESTS_BENCH = "metadata-guests";
const FIGURES = "SLIPWAY_BENCH_GUESTS";
const BENCH_MS = 1_800_000;
const REMOVE_MS = 60_000;

const figuresSchema = z.array(
  z.object({ name: z.string(), value: z.number(), unit: z.string(), anchor: z.number().nullable(), ratio: z.number().nullable(), aim: z.string().nullable(), met: z.boolean().nullable() }),
);

/** The benchmark's first half, as root: in namespaces of its own. @returns what the other half is told by its environment. */
export async function measureGuestsAsRoot(checkout: string, args: readonly string[], release: PreparedRelease): Promise<Readonly<Record<string, string>>> {
  const rounds = args[args.indexOf("--rounds") + 1] ?? "";
  const scratch = mkdtempSync(path.join(tmpdir(), "slipway-net-"));
  try {
    // Agent and guests run as the ordinary user, in folders below.
    chmodSync(scratch, 0o711);
    mkdirSync(path.join(scratch, "helper"), { mode: 0o755 });
    await buildHelper(checkout, path.join(scratch, "helper"));
    const guests = await buildNetworkGuests(checkout);
    const [command = "", ...before] = inNamespaces(checkout);
    const { output } = await runOrFail(command, [...before, process.execPath, path.join(checkout, "bench/metadata-guests.ts"), /^\d{1,2}$/.test(rounds) ? rounds : "5"], {
      cwd: checkout,
      environment: { ...process.env, ...networkEnvironment(checkout, release, { scratch, guests }) },
      timeoutMs: BENCH_MS,
      onLine: (line) => {
        if (!line.startsWith("[")) say(line);
      },
    });
    return { [FIGURES]: output.trim().split("\n").at(-1) ?? "" };
  } finally {
    await runOrFail("rm", ["--recursive", "--force", "--one-file-system", "--", scratch], { cwd: "/", timeoutMs: REMOVE_MS });
  }
}

/** What the first half has measured. */
export function measuredGuests(): Promise<readonly Figure[]> {
  const text = process.env[FIGURES];
  if (text === undefined) throw new Refusal(`${GUESTS_BENCH} starts virtual machines on TAPs: it has to be started by root`);
  return Promise.resolve(figuresSchema.parse(JSON.parse(text)));
}
