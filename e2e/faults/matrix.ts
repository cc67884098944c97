/** One cell of the fault matrix: an install brought into a state, something that happens to it, and what holds afterwards. */
import path from "node:path";
import { brokenRules, startOfDisk } from "./holds.ts";
import { FAULTS, given } from "./faults.ts";
import { markOf, removeHolders, STATES } from "./states.ts";
import type { FaultWorld } from "./world.ts";

export interface Cell {
  readonly state: string;
  readonly fault: string;
}

export interface CellResult extends Cell {
  /** As what the install ended, and why; null where the cell couldn't be tried here. */
  readonly ended: string | null;
  /** What doesn't hold, or why it wasn't tried. */
  readonly notes: readonly string[];
}

export const CELLS: readonly Cell[] = Object.keys(STATES).flatMap((state) => Object.keys(FAULTS).map((fault) => ({ state, fault })));

/** Tries a cell. Throws where the matrix itself, not what it tries, doesn't work. */
export async function tryCell(world: FaultWorld, { state, fault }: Cell): Promise<CellResult> {
  const [where, what] = [STATES[state], FAULTS[fault]];
  if (where === undefined || what === undefined) throw new Error(`there is no cell ${state}, ${fault}`);
  const lacking = what.needs?.(world) ?? null;
  if (lacking !== null) return { state, fault, ended: null, notes: [`not tried: it needs ${lacking}`] };
  await world.untilNodeAnswers();
  const instance = await world.instance();
  // What a fault has stopped is started, so that each cell begins alike.
  if (instance.operState !== "running") await world.power(world.name, "start");
  const disk = path.join(given(world.stack.agents[0]).dataDir, "instances", instance.id, "disk-0");
  const before = { mark: startOfDisk(disk, 32), wasRunning: true };
  const begun = await where.begin(world);
  await what.strike(world, begun);
  if (!(await world.isOver(begun.installId))) await where.release(world, begun);
  const notes = await brokenRules(world, state, begun, before, what.allows?.(state) ?? null);
  if (state === "queued") await removeHolders(world);
  world.server.release();
  const { state: ended, error } = await world.install(begun.installId);
  if (ended === "done" && startOfDisk(disk, 8) !== markOf(state, begun).slice(0, 8)) throw new Error("the victim isn't what the next cell begins with");
  return { state, fault, ended: error === null ? ended : `${ended}: ${error.message}`, notes };
}
