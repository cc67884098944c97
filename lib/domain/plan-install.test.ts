import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NO_SOURCE } from "./install-source.ts";
import { refuseHostNow } from "./plan-host.ts";
import type { PlanRequest, PlannedDefinition } from "./plan-install.ts";
import { planInstall } from "./plan-install.ts";

type Change = { definition?: Partial<PlannedDefinition>; manifest?: Partial<PlannedDefinition["manifest"]>; source?: Partial<PlanRequest["source"]>; cluster?: Partial<PlanRequest["cluster"]> } & Partial<Omit<PlanRequest, "definition" | "source" | "cluster">>;

const definitionOf = ({ definition, manifest }: Pick<Change, "definition" | "manifest">): PlannedDefinition => ({
  name: "debian",
  version: 3,
  digest: "d".repeat(64),
  apiVersions: [15, 20],
  variants: ["minimal", "server"],
  manifest: { title: "", description: "", parameters: [], steps: [], minimumDiskMib: 640, minimumMemoryMib: 192, bootMarker: null, hostScripts: [], untrustedScripts: ["create"], appliance: "small", imageUse: "device", carriedImage: null, defaultImage: null, installParameters: {}, ...manifest },
  trusted: null,
  blacklisted: false,
  ...definition,
});

function request({ definition, manifest, source, cluster, ...change }: Change = {}): PlanRequest {
  return {
    operation: "reinstall",
    definition: definitionOf({ ...(definition === undefined ? {} : { definition }), ...(manifest === undefined ? {} : { manifest }) }),
    variant: "minimal",
    source: { ...NO_SOURCE, ...source },
    disks: [{ index: 0, sizeMib: 2_048 }, { index: 1, sizeMib: 100 }],
    memoryMib: 512,
    start: null,
    hasPreviousDisk: true,
    hasDisks: true,
    cluster: { hostScripts: true, enableSafeInstall: true, installTimeoutSeconds: 1_800, mediumTimeoutSeconds: 7_200, diskRetentionSeconds: 600, ...cluster },
    nodeRunsHostScripts: false,
    appliance: { hasRoot: false, contract: 2 },
    safeInstall: null,
    inPlace: false,
    replaceDataDisks: [],
    ...change,
  };
}

/** The same without an OS definition. */
function bare(change: Change = {}): PlanRequest {
  return { ...request(change), definition: null, variant: null };
}

const trusted = { by: "admin", at: "2026-11-20T00:00:00.000Z" };
const image = { location: "https://images.test/a.img", format: "raw", compression: "none", checksum: null, contentChecksum: null } as const;
const archive = { url: "https://packages.test/web.tar.gz", checksum: null, needsCredentials: false };
const medium = { cdrom_image_path: "https://images.test/installer.iso", boot_order: "cdrom" };

describe("a plan", () => {
  it("replaces the first disk and keeps the others", () => {
    expect(planInstall(request())).toMatchObject({
      ok: true,
      plan: { osType: "debian+minimal", replacesDisk: { index: 0, sizeMib: 2_048 }, keepsDisks: [{ index: 1, sizeMib: 100 }], retainPreviousSeconds: 600, timeoutSeconds: 1_800, completion: "reported", start: null },
    });
  });

  it("keeps no previous disk where there is none", () => {
    expect(planInstall(request({ operation: "create", hasPreviousDisk: false }))).toMatchObject({ plan: { retainPreviousSeconds: null } });
  });
});

describe("what a request can combine", () => {
  type Row = [what: string, asked: PlanRequest, outcome: string];
  const full: Change = { appliance: { hasRoot: true, contract: 2 } };
  const hostOnly: Change = { definition: { trusted }, manifest: { hostScripts: ["create"], untrustedScripts: [] }, nodeRunsHostScripts: true };
  const bothHalves: Change = { definition: { trusted }, manifest: { hostScripts: ["create"] }, nodeRunsHostScripts: true };
  const untrustedHost: Change = { manifest: { hostScripts: ["create"], untrustedScripts: [] }, nodeRunsHostScripts: true };

  function outcomeOf(asked: PlanRequest): string {
    const planned = planInstall(asked);
    if (!planned.ok) return `refused: ${planned.refusal.code} ${planned.refusal.field ?? ""}`.trim();
    const { plan } = planned;
    const parts = [plan.image === null ? [] : ["image"], plan.runs.map(({ place }) => place), Object.keys(plan.medium).length === 0 ? [] : ["medium"], plan.package === null ? [] : ["package"]];
    return `${parts.flat().join(" + ")}: ${plan.completion}, ${plan.timeoutSeconds ?? "no limit"}`;
  }

  it.each<Row>([
    ["nothing", bare(), "refused: invalid osType"],
    ["a package alone", bare({ ...full, source: { package: archive } }), "refused: invalid osType"],
    ["an image", bare({ source: { image } }), "image: written, 1800"],
    ["an image that configures itself and says so", bare({ source: { image, confirmsFirstBoot: true } }), "image: first_boot, 7200"],
    ["an image and a package", bare({ ...full, source: { image, package: archive } }), "image + package: written, 1800"],
    ["an image and a package, without an appliance to say that of", bare({ appliance: null, source: { image, package: archive } }), "image + package: written, 1800"],
    ["a medium", bare({ source: { medium } }), "medium: first_boot, 7200"],
    ["a medium and a package", bare({ ...full, source: { medium, package: archive } }), "medium + package: first_boot, 7200"],
    ["an image and a medium", bare({ source: { image, medium } }), "image + medium: first_boot, 7200"],
    ["an untrusted definition", request(), "appliance: reported, 1800"],
    ["an untrusted definition, safe install off", request({ safeInstall: false }), "refused: invalid safeInstall"],
    ["an untrusted definition, safe install off in the cluster", request({ cluster: { enableSafeInstall: false } }), "refused: invalid safeInstall"],
    ["an untrusted definition, safe install off in the cluster and on in the request", request({ cluster: { enableSafeInstall: false }, safeInstall: true }), "appliance: reported, 1800"],
    ["an untrusted definition with a host half alone", request(untrustedHost), "refused: unsupported osType"],
    ["an untrusted definition with both halves", request({ manifest: { hostScripts: ["create"] }, nodeRunsHostScripts: true }), "appliance: reported, 1800"],
    ["a trusted definition with a host half alone", request(hostOnly), "host: reported, 1800"],
    ["a trusted definition with a host half alone, safe install off", request({ ...hostOnly, safeInstall: false }), "host: reported, 1800"],
    ["a trusted definition with both halves", request(bothHalves), "host + appliance: reported, 1800"],
    ["a trusted definition with both halves, safe install off", request({ ...bothHalves, safeInstall: false }), "refused: invalid safeInstall"],
    ["a trusted definition with both halves, where the cluster forbids the host", request({ ...bothHalves, cluster: { hostScripts: false } }), "appliance: reported, 1800"],
    ["a trusted host half where the cluster forbids it", request({ ...hostOnly, cluster: { hostScripts: false } }), "refused: unsupported osType"],
    ["a trusted host half on a node that runs none", request({ ...hostOnly, nodeRunsHostScripts: false }), "refused: unsupported osType"],
    ["an image and an untrusted definition", request({ source: { image } }), "image + appliance: reported, 1800"],
    ["an image and a trusted host half", request({ ...hostOnly, source: { image } }), "image + host: reported, 1800"],
    ["an image and both halves", request({ ...bothHalves, source: { image } }), "image + host + appliance: reported, 1800"],
    ["an untrusted definition and a package", request({ ...full, source: { package: archive } }), "appliance + package: reported, 1800"],
    ["a trusted host half and a package", request({ ...hostOnly, ...full, source: { package: archive } }), "host + package: reported, 1800"],
    ["an image, an untrusted definition and a package", request({ ...full, source: { image, package: archive } }), "image + appliance + package: reported, 1800"],
    ["an image, both halves and a package", request({ ...bothHalves, ...full, source: { image, package: archive } }), "image + host + appliance + package: reported, 1800"],
    ["an untrusted definition and a medium", request({ source: { medium } }), "appliance + medium: first_boot, 7200"],
    ["an image that would confirm, with scripts, which report", request({ source: { image, confirmsFirstBoot: true } }), "image + appliance: reported, 1800"],
    ["a medium, without a limit for it", bare({ source: { medium }, cluster: { mediumTimeoutSeconds: null } }), "medium: first_boot, no limit"],
  ])("%s", (_, asked, outcome) => {
    expect(outcomeOf(asked)).toBe(outcome);
  });

  it.each<Row>([
    ["an import", request({ operation: "import", manifest: { untrustedScripts: ["create", "import"] }, source: { image, medium, package: archive } }), "appliance: reported, 1800"],
    ["an export by both halves", request({ ...bothHalves, operation: "export", manifest: { hostScripts: ["export"], untrustedScripts: ["export"] } }), "host + appliance: reported, 1800"],
    ["a rename on the host", request({ ...hostOnly, operation: "rename", manifest: { hostScripts: ["rename"], untrustedScripts: ["create"] } }), "host: reported, 1800"],
    ["a rename with a definition that is blacklisted by now", request({ operation: "rename", definition: { blacklisted: true }, manifest: { untrustedScripts: ["rename"] } }), "appliance: reported, 1800"],
    ["a rename where the cluster's safe install is off, which is about installs", request({ operation: "rename", cluster: { enableSafeInstall: false }, manifest: { untrustedScripts: ["rename"] } }), "appliance: reported, 1800"],
    ["an export without its script", request({ operation: "export" }), "refused: unsupported osType"],
    ["a rename without a definition", bare({ operation: "rename", source: { image } }), "refused: unsupported osType"],
  ])("%s: its own script and nothing else", (_, asked, outcome) => {
    expect(outcomeOf(asked)).toBe(outcome);
  });
});

describe("what becomes of the disks", () => {
  const disksOf = (change: Change) => {
    const planned = planInstall(request(change));
    if (!planned.ok) return planned.refusal;
    const { replacesDisk, replacesDataDisks, keepsDisks, inPlace, retainPreviousSeconds } = planned.plan;
    return { first: replacesDisk?.sizeMib ?? null, anew: replacesDataDisks.map(({ index }) => index), kept: keepsDisks.map(({ index }) => index), inPlace, retained: retainPreviousSeconds };
  };

  it.each<[string, Change, object]>([
    ["a creation makes all", { operation: "create", hasPreviousDisk: false, hasDisks: false }, { first: 2_048, anew: [], kept: [], inPlace: false, retained: null }],
    ["a reinstall leaves data disks alone", {}, { first: 2_048, anew: [], kept: [1], inPlace: false, retained: 600 }],
    ["a reinstall makes those anew that it names", { replaceDataDisks: [1] }, { first: 2_048, anew: [1], kept: [], inPlace: false, retained: 600 }],
    ["one in place keeps nothing to go back to", { inPlace: true }, { first: 2_048, anew: [], kept: [1], inPlace: true, retained: null }],
    ["one in place again, after that has failed", { inPlace: true, hasPreviousDisk: false }, { first: 2_048, anew: [], kept: [1], inPlace: true, retained: null }],
    ["where there is no disk, nothing is in place", { inPlace: true, hasPreviousDisk: false, hasDisks: false }, { first: 2_048, anew: [], kept: [1], inPlace: false, retained: null }],
    ["a rename keeps the first disk as it was", { operation: "rename", manifest: { untrustedScripts: ["rename"] } }, { first: 2_048, anew: [], kept: [1], inPlace: false, retained: 600 }],
    ["an export touches none", { operation: "export", manifest: { untrustedScripts: ["export"] } }, { first: null, anew: [], kept: [1], inPlace: false, retained: null }],
  ])("%s", (_, change, disks) => {
    expect(disksOf(change)).toEqual(disks);
  });
});

describe("a refusal", () => {
  it.each<[string, Change, object]>([
    ["an unknown variant", { variant: "huge" }, { code: "unknown_object", field: "osType" }],
    ["no variant where there are some", { variant: null }, { code: "invalid", field: "osType" }],
    ["a variant where there are none", { definition: { variants: [] } }, { code: "invalid", field: "osType" }],
    ["a disk that is too small", { disks: [{ index: 0, sizeMib: 639 }] }, { code: "disk_too_small", field: "disks[0].sizeMib" }],
    ["no disk", { disks: [] }, { code: "invalid", field: "disks" }],
    ["too little memory", { memoryMib: 191 }, { code: "invalid", field: "memoryMib" }],
    ["a blacklisted definition", { definition: { blacklisted: true } }, { code: "conflict", field: "osType" }],
    ["another OS API", { definition: { apiVersions: [15] } }, { code: "unsupported", field: "osType" }],
    ["a definition without a create script", { manifest: { untrustedScripts: ["verify"] } }, { code: "unsupported", field: "osType" }],
    ["an untrusted definition without an untrusted half", { manifest: { hostScripts: ["create"], untrustedScripts: [] } }, { code: "unsupported", message: "OS definition debian is not trusted, and has no untrusted create script." }],
    ["a host half where the cluster forbids it", { definition: { trusted }, manifest: { hostScripts: ["create"], untrustedScripts: [] }, cluster: { hostScripts: false }, nodeRunsHostScripts: true }, { code: "unsupported" }],
    ["a trusted host half on a node without root", { definition: { trusted }, manifest: { hostScripts: ["create"] } }, { code: "unsupported" }],
    ["the full appliance where the cluster's has only its small system", { manifest: { appliance: "full" } }, { code: "unsupported", field: "osType", message: "OS definition debian needs the full appliance, and the cluster's has only its small system." }],
    ["an image whose address has a password in it", { source: { image: { ...image, location: "https://a:b@images.test/a.img" } } }, { code: "invalid", field: "image.location" }],
    ["a parameter that is no installation parameter", { source: { medium: { kernel: "/boot/vmlinuz" } } }, { code: "invalid", field: "installParameters.kernel" }],
    ["a package that doesn't say what it is", { source: { package: { ...archive, url: "https://packages.test/web.zip" } } }, { code: "invalid", field: "package.url" }],
    ["a package where the cluster's appliance has only its small system", { source: { package: archive } }, { code: "unsupported", field: "package" }],
    ["a package where the appliance is of an earlier contract", { source: { package: archive }, appliance: { hasRoot: true, contract: 1 } }, { code: "unsupported", field: "package", message: "The cluster's appliance is of contract 1 and can't personalize; register one of contract 2." }],
    ["a rename where the appliance is of an earlier contract", { operation: "rename", manifest: { untrustedScripts: ["create", "rename"] }, appliance: { hasRoot: true, contract: 1 } }, { code: "unsupported", field: "osType" }],
    ["a data disk that isn't there", { replaceDataDisks: [2] }, { code: "invalid", field: "replaceDataDisks" }],
    ["the first disk among the data disks", { replaceDataDisks: [0] }, { code: "invalid", field: "replaceDataDisks" }],
    ["new data disks in place", { replaceDataDisks: [1], inPlace: true }, { code: "invalid", field: "replaceDataDisks" }],
    ["data disks of a creation", { operation: "create", replaceDataDisks: [1] }, { code: "invalid", field: "replaceDataDisks" }],
    ["safe install switched off for an untrusted half", { safeInstall: false }, { code: "invalid", field: "safeInstall" }],
  ])("meets %s", (_, change, refusal) => {
    expect(planInstall(request(change))).toMatchObject({ ok: false, refusal });
  });
});

describe("where scripts run", () => {
  it("an untrusted definition's host half never runs on a host", () => {
    fc.assert(
      fc.property(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean(), (host, untrusted, hostScripts, nodeRunsHostScripts) => {
        const planned = planInstall(
          request({
            manifest: { hostScripts: host ? ["create"] : [], untrustedScripts: untrusted ? ["create"] : [] },
            cluster: { hostScripts },
            nodeRunsHostScripts,
          }),
        );
        expect(planned.ok).toBe(untrusted);
        if (planned.ok) expect(planned.plan.runs.map((run) => run.place)).toEqual(["appliance"]);
      }),
    );
  });

  it("both halves of a trusted one run, where the node can", () => {
    const planned = planInstall(request({ definition: { trusted }, manifest: { hostScripts: ["create"] }, nodeRunsHostScripts: true }));
    expect(planned.ok && planned.plan.runs.map((run) => run.place)).toEqual(["host", "appliance"]);
  });
});

describe("a definition's verify", () => {
  it.each([
    [{ untrustedScripts: ["create", "verify"] }, true],
    [{ untrustedScripts: ["create"] }, false],
    [{ hostScripts: ["verify"], untrustedScripts: ["create"] }, false],
  ])("is a part of the plan where its untrusted half has one: %o", (manifest, verifiesFirst) => {
    expect(planInstall(request({ manifest }))).toMatchObject({ ok: true, plan: { verifiesFirst } });
  });
});

describe("the appliance of a plan", () => {
  const applianceOf = (change: Change): unknown => {
    const planned = planInstall(request(change));
    return planned.ok ? planned.plan.appliance : planned.refusal.code;
  };

  it("is the one that the definition asks for", () => {
    expect(applianceOf({})).toBe("small");
    expect(applianceOf({ manifest: { appliance: "full" }, appliance: { hasRoot: true, contract: 2 } })).toBe("full");
  });

  it("is refused for what it lacks only where there is one", () => {
    expect(applianceOf({ manifest: { appliance: "full" }, appliance: null })).toBe("full");
  });

  it("is one where the definition's verify runs in it and nothing else", () => {
    expect(applianceOf({ definition: { trusted }, manifest: { hostScripts: ["create"], untrustedScripts: ["verify"] }, nodeRunsHostScripts: true })).toBe("small");
  });

  it("is none where nothing runs in it, whatever it lacks", () => {
    expect(applianceOf({ definition: { trusted }, manifest: { hostScripts: ["create"], untrustedScripts: [], appliance: "full" }, nodeRunsHostScripts: true })).toBeNull();
  });
});

describe("what a host was to run when the install was accepted", () => {
  const flags = fc.record({ host: fc.boolean(), untrusted: fc.boolean(), isTrusted: fc.boolean(), hostScripts: fc.boolean(), nodeRunsHostScripts: fc.boolean(), safeInstall: fc.boolean() });
  type Flags = typeof flags extends fc.Arbitrary<infer T> ? T : never;
  const plan = (given: Flags) =>
    planInstall(
      request({
        definition: { trusted: given.isTrusted ? trusted : null },
        manifest: { hostScripts: given.host ? ["create"] : [], untrustedScripts: given.untrusted ? ["create"] : [] },
        cluster: { hostScripts: given.hostScripts },
        nodeRunsHostScripts: given.nodeRunsHostScripts,
        safeInstall: given.safeInstall,
      }),
    );

  it("runs there only while a plan of this moment would have it there", () => {
    fc.assert(
      fc.property(flags, fc.boolean(), fc.boolean(), fc.boolean(), (then, isTrusted, hostScripts, nodeRunsHostScripts) => {
        const accepted = plan(then);
        if (!accepted.ok) return;
        const now = plan({ ...then, isTrusted, hostScripts, nodeRunsHostScripts });
        const refusal = refuseHostNow(accepted.plan, {
          definition: "debian",
          hostScripts: then.host ? ["create"] : [],
          untrustedScripts: then.untrusted ? ["create"] : [],
          isTrusted,
          clusterAllowsHostScripts: hostScripts,
          nodeRunsHostScripts,
        });
        const onHost = (runs: readonly { readonly place: string }[]): boolean => runs.some((run) => run.place === "host");
        if (!onHost(accepted.plan.runs)) expect(refusal).toBeNull();
        else expect(refusal === null).toBe(now.ok && onHost(now.plan.runs));
      }),
    );
  });

  it("is looked for by the script that the plan has there", () => {
    const accepted = planInstall(request({ operation: "rename", definition: { trusted }, manifest: { hostScripts: ["rename"], untrustedScripts: [] }, nodeRunsHostScripts: true }));
    const now = { definition: "debian", hostScripts: ["rename"], untrustedScripts: [], isTrusted: true, clusterAllowsHostScripts: true, nodeRunsHostScripts: true };
    expect(accepted.ok && refuseHostNow(accepted.plan, now)).toBeNull();
  });

  it.each([
    [{ isTrusted: false }, { code: "not_allowed", message: "OS definition debian was to run a script on the host, and isn't trusted any more. Nothing was sent to the node." }],
    [{ clusterAllowsHostScripts: false }, { code: "not_allowed", message: "OS definition debian was to run a script on the host, and the cluster forbids that now. Nothing was sent to the node." }],
    [{ nodeRunsHostScripts: false }, { code: "unsupported" }],
  ])("is refused with the reason: %o", (change, refusal) => {
    const accepted = planInstall(request({ definition: { trusted }, manifest: { hostScripts: ["create"] }, nodeRunsHostScripts: true }));
    const now = { definition: "debian", hostScripts: ["create"], untrustedScripts: ["create"], isTrusted: true, clusterAllowsHostScripts: true, nodeRunsHostScripts: true };
    expect(accepted.ok && refuseHostNow(accepted.plan, now)).toBeNull();
    expect(accepted.ok && refuseHostNow(accepted.plan, { ...now, ...change })).toMatchObject(refusal);
  });
});
