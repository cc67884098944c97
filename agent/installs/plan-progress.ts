import type { InstallOrder } from "#lib/agent-protocol/messages.ts";
import { firstDiskMib, hasMedium, runsIn, stopsFirst, writesInPlace } from "./order-facts.ts";
import type { OwnStep, ProgressPlan } from "./progress.ts";

export interface ProgressFacts {
  /** Whether the system is started afterwards. */
  readonly boots: boolean;
  /** Whether a system runs that has to be stopped first. */
  readonly stops: boolean;
}

function diskSize(mib: number): string {
  return mib < 1_024 ? `${String(mib)} MiB` : `${String(Math.round((mib / 1_024) * 10) / 10)} GiB`;
}

function preparation(order: InstallOrder): string {
  const size = diskSize(firstDiskMib(order));
  if (order.operation === "export") return "Checked";
  return writesInPlace(order) ? `The present disk, ${size}` : `New disk, ${size}`;
}

/** The steps of an order as a person sees them, in their order; what it has no use for isn't one (design: install, "How it goes"). */
export function planProgress(order: InstallOrder, { boots, stops }: ProgressFacts): ProgressPlan {
  const { os, image, operation } = order;
  const inPlace = writesInPlace(order);
  const when = (condition: boolean, id: OwnStep["id"], label: string): OwnStep[] => (condition ? [{ id, label }] : []);
  const stop = when(stops, "stop", "Running system stopped");
  const fill = [...when(image !== null, "image", "Image written"), ...when(operation === "rename" && !inPlace, "copy", "Disk copied")];
  // An image is written while the system that is there goes on. What changes or reads its disk has to wait for its end.
  return {
    before: [
      { id: "prepare", label: preparation(order) },
      ...when(order.package !== null, "package", "Package fetched"),
      ...when(hasMedium(order), "media", "Install medium fetched"),
      ...when(os?.verify === true, "verify", "Parameters verified"),
      ...(stopsFirst(order) ? [...stop, ...fill] : [...fill, ...stop]),
      ...when(runsIn(order, "appliance"), "appliance", "Appliance started"),
      ...when(runsIn(order, "host"), "host", "Script on the host"),
    ],
    hasScript: os !== null,
    guestSteps: os?.steps ?? [],
    after: [
      ...when(hasMedium(order), "medium", "System of the install medium"),
      ...when(order.package !== null, "personalize", "Package laid over"),
      ...when(operation !== "export", "swap", inPlace ? "Disk written" : "Swap disks"),
      ...when(boots, "boot", "First boot"),
    ],
  };
}
