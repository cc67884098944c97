import { createHash } from "node:crypto";
import { expect } from "vitest";
import type { Canary } from "#scripts/canary/scan.ts";
import type { Ended } from "../canary/one-install.ts";
import type { Seen } from "./row.ts";

/** Leaks of one class in these kinds of place, which must have been read. */
export function leaksOf({ ledger }: Seen, visibility: Canary["visibility"], ...kinds: readonly string[]) {
  const rows = ledger.rows();
  for (const kind of kinds) expect([kind, (rows.find((row) => row.kind === kind)?.bytes ?? 0) > 0]).toEqual([kind, true]);
  return ledger.leaks(...kinds).filter((find) => find.visibility === visibility);
}

/** Whether a public value was seen in a kind of place. */
export function isSeen({ ledger }: Seen, canary: string, kind: string): boolean {
  return ledger.seen(kind).some((find) => find.canary === canary);
}

/** The lines of an install's log. */
export async function linesOf({ world }: Seen, { installId }: Ended): Promise<string[]> {
  return (await world.as("administrator").log(installId)).map(({ text }) => text ?? "");
}

/** That the script had this value of a parameter, by the digest that it said of it: `arrived`, in its environment; `served`, by the metadata service. */
export async function expectAtScript(seen: Seen, how: "arrived" | "served", name: "word" | "remark" | "passphrase"): Promise<void> {
  const visibility = { word: "public", remark: "private", passphrase: "secret" }[name];
  for (const install of [seen.played.created, seen.played.reinstalled]) {
    const digest = createHash("sha256").update(install[name]).digest("hex");
    expect(await linesOf(seen, install)).toContain(how === "served" ? `served ${name} ${visibility} ${digest}` : `arrived ${name} ${digest}`);
  }
}
