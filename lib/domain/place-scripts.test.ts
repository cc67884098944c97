import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Placement, PlacementFacts } from "./place-scripts.ts";
import { placeScript, SCRIPTS } from "./place-scripts.ts";

interface Case {
  readonly host: boolean;
  readonly untrusted: boolean;
  readonly isTrusted: boolean;
  readonly clusterAllowsHostScripts: boolean;
  readonly nodeRunsHostScripts: boolean | null;
  readonly safeInstall: boolean;
}

function place({ host, untrusted, ...facts }: Case, script: (typeof SCRIPTS)[number] = "create"): Placement {
  const given: PlacementFacts = { definition: "debian", hostScripts: host ? [script] : [], untrustedScripts: untrusted ? [script] : [], ...facts };
  return placeScript(script, given);
}

/** As one word: where it runs, or the field that is in the way. */
function word(placement: Placement): string {
  return placement.ok ? placement.places.join("+") : `refused: ${placement.field}`;
}

/** The rules of design/install.md, "What a request can combine", one row each: halves, trust, cluster, node, safe install. */
const TABLE: readonly (readonly [rule: string, halves: string, flags: string, outcome: string])[] = [
  ["a host half alone of a trusted definition runs on the host", "host", "trusted allowed able safe", "host"],
  ["whatever the flag says", "host", "trusted allowed able unsafe", "host"],
  ["with both halves both run", "host+untrusted", "trusted allowed able safe", "host+appliance"],
  ["and no is refused", "host+untrusted", "trusted allowed able unsafe", "refused: safeInstall"],
  ["an untrusted half runs in the appliance, trusted or not", "untrusted", "trusted allowed able safe", "appliance"],
  ["as above", "untrusted", "untrusted allowed able safe", "appliance"],
  ["where the cluster forbids host scripts too", "untrusted", "untrusted forbidden able safe", "appliance"],
  ["and on a node that runs none", "untrusted", "untrusted allowed unable safe", "appliance"],
  ["and can't be moved out of it", "untrusted", "trusted allowed able unsafe", "refused: safeInstall"],
  ["an untrusted definition's host half never runs", "host+untrusted", "untrusted allowed able safe", "appliance"],
  ["and if it has no other half, the request is refused", "host", "untrusted allowed able safe", "refused: osType"],
  ["safe install switched off changes nothing about that", "host", "untrusted allowed able unsafe", "refused: osType"],
  ["the cluster can forbid host scripts altogether", "host", "trusted forbidden able safe", "refused: osType"],
  ["then the other half runs alone", "host+untrusted", "trusted forbidden able safe", "appliance"],
  ["session mode has no root and refuses them", "host", "trusted allowed unable safe", "refused: osType"],
  ["also where one half could run: half an install is none", "host+untrusted", "trusted allowed unable safe", "refused: osType"],
  ["a definition without the script has nothing to run", "none", "trusted allowed able safe", "refused: osType"],
];

describe("where a script runs", () => {
  it.each(TABLE)("%s (%s; %s): %s", (_, halves, flags, outcome) => {
    const has = (flag: string): boolean => flags.split(" ").includes(flag);
    const given: Case = {
      host: halves.startsWith("host"),
      untrusted: halves.endsWith("untrusted"),
      isTrusted: has("trusted"),
      clusterAllowsHostScripts: has("allowed"),
      nodeRunsHostScripts: has("able"),
      safeInstall: has("safe"),
    };
    for (const script of SCRIPTS) expect(word(place(given, script))).toBe(outcome);
  });

  const cases: fc.Arbitrary<Case> = fc.record({
    host: fc.boolean(),
    untrusted: fc.boolean(),
    isTrusted: fc.boolean(),
    clusterAllowsHostScripts: fc.boolean(),
    nodeRunsHostScripts: fc.constantFrom(true, false, null),
    safeInstall: fc.boolean(),
  });
  const hostRuns = (placement: Placement): boolean => placement.ok && placement.places.includes("host");

  it("is a host only with trust, the cluster's leave and a node that can", () => {
    fc.assert(
      fc.property(cases, (given) => {
        if (hostRuns(place(given))) expect([given.host, given.isTrusted, given.clusterAllowsHostScripts, given.nodeRunsHostScripts !== false]).toEqual([true, true, true, true]);
      }),
    );
  });

  it("is the appliance and nothing else where the definition is untrusted", () => {
    fc.assert(
      fc.property(cases, (given) => {
        const placement = place({ ...given, isTrusted: false });
        if (placement.ok) expect(placement.places).toEqual(["appliance"]);
      }),
    );
  });

  it("is where its half is, once for each", () => {
    fc.assert(
      fc.property(cases, (given) => {
        const placement = place(given);
        if (!placement.ok) return;
        expect(new Set(placement.places).size).toBe(placement.places.length);
        if (placement.places.includes("host")) expect(given.host).toBe(true);
        expect(placement.places.includes("appliance")).toBe(given.untrusted);
      }),
    );
  });

  it("is decided without safe install for a host half alone", () => {
    fc.assert(
      fc.property(cases, (given) => {
        const placement = place({ ...given, safeInstall: false });
        if (placement.ok) expect([placement.places, given.untrusted]).toEqual([["host"], false]);
        // And says the same there as with it.
        if (!given.untrusted) expect(placement).toEqual(place({ ...given, safeInstall: true }));
      }),
    );
  });

  it("takes nothing off the host when trust, leave or ability is given", () => {
    fc.assert(
      fc.property(cases, fc.constantFrom<Partial<Case>>({ isTrusted: true }, { clusterAllowsHostScripts: true }, { nodeRunsHostScripts: true }), (given, more) => {
        if (hostRuns(place(given))) expect(hostRuns(place({ ...given, ...more }))).toBe(true);
      }),
    );
  });
});
