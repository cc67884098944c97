import { describe, expect, it } from "vitest";
import type { ClusterView } from "#lib/domain/views.ts";
import { changesOf, draftErrors, draftOf } from "./cluster-draft.ts";

const cluster: ClusterView = {
  uuid: "u", name: "slipway", installTimeoutSeconds: 1800, mediumTimeoutSeconds: 7200, diskRetentionSeconds: 604_800, hostScripts: true, enableSafeInstall: true, requireMetadataTokens: false, privateSources: ["10.0.0.0/8"],
  eraseDisks: false, applianceDigest: null, serialNo: 3, createdAt: "2026-11-20T08:00:00.000Z", updatedAt: "2026-11-20T08:00:00.000Z",
};
const draft = draftOf(cluster);

describe("settings of the cluster", () => {
  it("are typed in minutes, days and lines", () => {
    expect(draft).toEqual({ hostScripts: true, enableSafeInstall: true, requireMetadataTokens: false, eraseDisks: false, timeout: "30", mediumTimeout: "120", retention: "7", privateSources: "10.0.0.0/8" });
  });

  it("are sent only where they were changed", () => {
    expect(changesOf(draft, cluster)).toEqual({});
    expect(changesOf({ ...draft, hostScripts: false, requireMetadataTokens: true, timeout: "0.5" }, cluster)).toEqual({ hostScripts: false, requireMetadataTokens: true, installTimeoutSeconds: 30 });
    expect(changesOf({ ...draft, timeout: " ", mediumTimeout: "", retention: "0", eraseDisks: true }, cluster)).toEqual({ installTimeoutSeconds: null, mediumTimeoutSeconds: null, diskRetentionSeconds: 0, eraseDisks: true });
    expect(changesOf({ ...draft, privateSources: " images.lan \n\n10.0.0.0/8\nimages.lan" }, cluster)).toEqual({ privateSources: ["images.lan", "10.0.0.0/8"] });
    expect(changesOf({ ...draft, privateSources: "10.0.0.0/8\n" }, cluster)).toEqual({});
  });

  it("are checked before they are sent", () => {
    const wrong = (change: Partial<typeof draft>) => Object.entries(draftErrors({ ...draft, ...change })).flatMap(([name, error]) => (error === null ? [] : [name]));
    expect(wrong({})).toEqual([]);
    expect(wrong({ timeout: "", mediumTimeout: "", retention: "0", privateSources: "" })).toEqual([]);
    expect(wrong({ timeout: "0.1", mediumTimeout: "soon", retention: "366", privateSources: "10.0.0.300" })).toEqual(["timeout", "mediumTimeout", "retention", "privateSources"]);
    expect(wrong({ timeout: "soon", retention: "" })).toEqual(["timeout", "retention"]);
  });
});
