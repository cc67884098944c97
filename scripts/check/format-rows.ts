import type { LedgerRow } from "#scripts/canary/ledger.ts";

const HEAD = ["where", "places", "bytes", "public values seen", "finds"] as const;

/** What was read, as a table for a terminal. The last line is the sum. */
export function formatRows(rows: readonly LedgerRow[]): string {
  const sum = (of: (row: LedgerRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const cells = [
    [...HEAD],
    ...rows.map((row) => [row.kind, ...[row.places, row.bytes, row.publicSeen, row.finds].map(inGroups)]),
    ["all", inGroups(sum((row) => row.places)), inGroups(sum((row) => row.bytes)), "", inGroups(sum((row) => row.finds))],
  ];
  const widths = HEAD.map((_title, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  return cells.map((line) => line.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  ")).join("\n");
}

function inGroups(value: number): string {
  return value.toLocaleString("en-US");
}
