/**
 * Design: "Parameters: public, private, secret": its table, a test for each cell, held against one run of e2e/canary on the
 * real stack. A test's name says what is looked at where that is less than the cell says.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { Row, Seen } from "./row.ts";
import { BESIDE_ROWS } from "./rows-beside.ts";
import { RUNNING_ROWS } from "./rows-running.ts";
import { STORED_ROWS } from "./rows-stored.ts";

const CLASSES = ["public", "private", "secret"] as const;
/** In the table's order. */
const ROWS: readonly Row[] = [...STORED_ROWS, ...RUNNING_ROWS, ...BESIDE_ROWS];

export function describeTable(seen: () => Seen): void {
  for (const row of ROWS) {
    describe(row.where, () => {
      for (const visibility of CLASSES) {
        const { says, looks, holds } = row[visibility];
        it(`${visibility}: ${says}${looks === undefined ? "" : ` (${looks})`}`, () => holds(seen()));
      }
    });
  }

  it("is the table that docs/security.md shows", () => {
    const text = readFileSync(path.resolve(import.meta.dirname, "../../docs/security.md"), "utf8");
    const table = text.slice(text.indexOf("| where | public |")).split("\n\n", 1)[0] ?? "";
    const cells = table.split("\n").slice(2).map((line) => line.split("|").slice(1, 5).map((cell) => cell.trim()));
    expect(cells).toEqual(ROWS.map((row) => [row.where, ...CLASSES.map((visibility) => row[visibility].says)]));
  });
}
