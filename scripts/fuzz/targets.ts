import { Refusal } from "#scripts/up/terminal.ts";
import { archiveTarget } from "./archive-target.ts";
import { parameterTarget } from "./parameter-target.ts";
import type { FuzzTarget } from "./target.ts";

export const TARGETS: readonly FuzzTarget[] = [archiveTarget, parameterTarget];

export function findTarget(name: string): FuzzTarget {
  const target = TARGETS.find((each) => each.name === name);
  if (target === undefined) throw new Refusal(`there is no target ${name}; there are: ${TARGETS.map((each) => each.name).join(", ")}`);
  return target;
}
