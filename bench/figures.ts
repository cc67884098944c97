/** One measured number beside the limit that it is held against. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The bare limit, taken in the same run and in the same unit; null where there is none. */
  readonly anchor: number | null;
  /** value / anchor */
  readonly ratio: number | null;
  /** In words; null where the number is only reported. */
  readonly aim: string | null;
  /** Null where there is no aim, or the aim is a time: what a time is depends on the machine. */
  readonly met: boolean | null;
}

export interface BenchResult {
  readonly bench: string;
  readonly figures: readonly Figure[];
}

/** A number that is only reported, with the time that is aimed at, if there is one. */
export function reported(name: string, value: number, unit: string, aim: string | null = null): Figure {
  return { name, value: round(value), unit, anchor: null, ratio: null, aim, met: null };
}

/** Nothing that includes the bare limit is quicker than it. Below this either the anchor isn't one, or the machine did something else meanwhile. */
const IMPOSSIBLE = 0.95;

/**
 * A number and its anchor; with `atMost`, the ratio that is aimed at. Where the anchor comes out slower than what includes it, the
 * run shows nothing: then the aim is neither met nor missed, and the figure says so.
 */
export function compared(name: string, value: number, unit: string, anchor: number, atMost: number | null = null): Figure {
  const ratio = value / anchor;
  const isVoid = ratio < IMPOSSIBLE;
  const aim = atMost === null ? null : `at most ${atMost} times the anchor`;
  return {
    name,
    value: round(value),
    unit,
    anchor: round(anchor),
    ratio: round(ratio),
    aim: isVoid ? `${aim === null ? "" : `${aim}; `}void: the anchor came out slower` : aim,
    met: atMost === null || isVoid ? null : ratio <= atMost,
  };
}

/** The same of what is better the higher it is, such as requests per second; `atLeast`: the part of the anchor that is aimed at. */
export function comparedRate(name: string, value: number, unit: string, anchor: number, atLeast: number): Figure {
  const ratio = value / anchor;
  const isVoid = ratio > 1 / IMPOSSIBLE;
  const aim = `at least ${atLeast} of the anchor`;
  return { name, value: round(value), unit, anchor: round(anchor), ratio: round(ratio), aim: isVoid ? `${aim}; void: the anchor came out slower` : aim, met: isVoid ? null : ratio >= atLeast };
}

/** The middle of several takes. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  if (low === undefined || high === undefined) throw new Error("nothing was measured");
  return (low + high) / 2;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

/** For a person: a line a figure, columns aligned. */
export function formatTable({ bench, figures }: BenchResult): string {
  const rows = [
    [bench, "value", "", "anchor", "ratio", "aim", ""],
    ...figures.map((figure) => [
      figure.name,
      String(figure.value),
      figure.unit,
      figure.anchor === null ? "" : String(figure.anchor),
      figure.ratio === null ? "" : figure.ratio.toFixed(2),
      figure.aim ?? "",
      figure.met === null ? "" : figure.met ? "met" : "MISSED",
    ]),
  ];
  const isNumber = [false, true, false, true, true, false, false];
  const widths = isNumber.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => row.map((cell, column) => (isNumber[column] === true ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join("  ").trimEnd())
    .join("\n");
}
