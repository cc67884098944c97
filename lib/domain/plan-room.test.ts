import { describe, expect, it } from "vitest";
import { neededDiskMib, refuseForRoom } from "./plan-room.ts";

const disks = [
  { index: 0, sizeMib: 1_000 },
  { index: 1, sizeMib: 100 },
  { index: 2, sizeMib: 10 },
];
const first = { index: 0, sizeMib: 1_000 } as const;

describe("the room that an install needs", () => {
  it.each([
    ["a creation's disks, all", { operation: "create", inPlace: false, replacesDisk: first, replacesDataDisks: [] }, false, 1_110],
    ["a new first disk beside the old one", { operation: "reinstall", inPlace: false, replacesDisk: first, replacesDataDisks: [] }, true, 1_000],
    ["and the data disks that are made anew", { operation: "reinstall", inPlace: false, replacesDisk: first, replacesDataDisks: [{ index: 2, sizeMib: 10 }] }, true, 1_010],
    ["all disks, where a creation has left none", { operation: "reinstall", inPlace: false, replacesDisk: first, replacesDataDisks: [] }, false, 1_110],
    ["none in place", { operation: "reinstall", inPlace: true, replacesDisk: first, replacesDataDisks: [] }, true, 0],
    ["a copy of the first disk, for a rename", { operation: "rename", inPlace: false, replacesDisk: first, replacesDataDisks: [] }, true, 1_000],
    ["dumps of all disks", { operation: "export", inPlace: false, replacesDisk: null, replacesDataDisks: [] }, true, 1_110],
  ] as const)("%s", (_, plan, hasDisks, mib) => {
    expect(neededDiskMib(plan, disks, hasDisks)).toBe(mib);
  });

  it("is refused with what is there and what is needed", () => {
    expect(refuseForRoom("n1", { diskFreeMib: 10, memoryFreeMib: 10 }, { diskMib: 10, memoryMib: 10 })).toBeNull();
    expect(refuseForRoom("n1", { diskFreeMib: 9, memoryFreeMib: 10 }, { diskMib: 10, memoryMib: 10 })?.message).toBe("Node n1 has 9 MiB of disk free; 10 MiB are needed.");
    expect(refuseForRoom("n1", { diskFreeMib: 10, memoryFreeMib: 9 }, { diskMib: 10, memoryMib: 10 })?.code).toBe("no_room");
  });

  it("is refused with the way without it, where there is one", () => {
    expect(refuseForRoom("n1", { diskFreeMib: 9, memoryFreeMib: 10 }, { diskMib: 10, memoryMib: 10 }, true)?.message).toContain("With inPlace");
  });
});
