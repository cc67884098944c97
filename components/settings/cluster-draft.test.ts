import { describe, expect, it } from "vitest";
import type { ClusterView } from "#lib/domain/views.ts";
import { changesOf, draftErrors, draftOf } from "./cluster-draft.ts";

const cluster: ClusterView = {
  uuid: "u", name: "slipway", installTimeoutSeconds: 1800, diskRetentionSeconds: 604_800, hostScripts: true, enableSafeInstall: true, requireMetadataTokens: false, applianceDigest: null, serialNo: 3,
  createdAt: "2026-11-20T08:00:00.000Z", updatedAt: "2026-11-20T08:00:00.000Z",
};

describe("settings of the cluster", () => {
  it("are typed in minutes and days", () => expect(draftOf(cluster)).toEqual({ hostScripts: true, requireMetadataTokens: false, timeout: "30", retention: "7" }));

  it("are sent only where they were changed", () => {
    expect(changesOf(draftOf(cluster), cluster)).toEqual({});
    expect(changesOf({ hostScripts: false, requireMetadataTokens: true, timeout: "0.5", retention: "7" }, cluster)).toEqual({ hostScripts: false, requireMetadataTokens: true, installTimeoutSeconds: 30 });
    expect(changesOf({ ...draftOf(cluster), timeout: " ", retention: "0" }, cluster)).toEqual({ installTimeoutSeconds: null, diskRetentionSeconds: 0 });
  });

  it("are checked before they are sent", () => {
    const wrong = (timeout: string, retention: string) => Object.values(draftErrors({ timeout, retention })).map((error) => error !== null);
    expect(wrong("30", "7")).toEqual([false, false]);
    expect(wrong("", "0")).toEqual([false, false]);
    expect(wrong("0.1", "366")).toEqual([true, true]);
    expect(wrong("soon", "")).toEqual([true, true]);
  });
});
