import type { Ledger } from "#scripts/canary/ledger.ts";
import type { ProcessSamples } from "#scripts/canary/sample-processes.ts";
import type { Played } from "../canary/steps.ts";
import type { World } from "../canary/world.ts";

/** What one run has left to be looked at. */
export interface Seen {
  readonly world: World;
  readonly played: Played;
  readonly ledger: Ledger;
  readonly samples: ProcessSamples;
}

/** One cell: what the table says, and what is looked at if that isn't the same. */
export interface Cell {
  readonly says: string;
  readonly looks?: string;
  readonly holds: (seen: Seen) => void | Promise<void>;
}

/** One row, by the name of the place. */
export interface Row {
  readonly where: string;
  readonly public: Cell;
  readonly private: Cell;
  readonly secret: Cell;
}
