import { readdirSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import type { Outcome } from "./step.ts";

/** How the half of `npm test` that is root's tells the other half what it found. What failed there has been shown there. */
export const OUTCOMES = "SLIPWAY_TEST_OUTCOMES";

const outcomesSchema = z.array(z.object({ title: z.string(), passed: z.number(), failed: z.number(), seconds: z.number() }));

export function encodeOutcomes(outcomes: readonly Outcome[]): string {
  return JSON.stringify(outcomesSchema.parse(outcomes));
}

/** Null: that half wasn't root, and has run nothing. */
export function earlierOutcomes(): Outcome[] | null {
  const text = process.env[OUTCOMES];
  return text === undefined ? null : outcomesSchema.parse(JSON.parse(text)).map((outcome) => ({ ...outcome, output: "" }));
}

const FOLDERS = ["helper", "agent", "scripts", "e2e"];

/** How many files of tests need root (vitest.config.ts, project "network"). */
export function countNetworkTests(release: string): number {
  return FOLDERS.flatMap((folder) => readdirSync(path.join(release, folder), { recursive: true, encoding: "utf8" })).filter((file) => file.endsWith(".network.test.ts")).length;
}
