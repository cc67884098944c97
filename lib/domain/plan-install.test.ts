import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PlanRequest } from "./plan-install.ts";
import { planInstall, refuseForRoom, refuseHostNow } from "./plan-install.ts";

type Change = { definition?: Partial<PlanRequest["definition"]>; manifest?: Partial<PlanRequest["definition"]["manifest"]> } & Partial<Omit<PlanRequest, "definition">>;

function request({ definition, manifest, ...change }: Change = {}): PlanRequest {
  return {
    operation: "reinstall",
    definition: {
      name: "debian",
      version: 3,
      digest: "d".repeat(64),
      apiVersions: [15, 20],
      variants: ["minimal", "server"],
      manifest: { title: "", description: "", parameters: [], steps: [], minimumDiskMib: 640, minimumMemoryMib: 192, bootMarker: null, hostScripts: [], untrustedScripts: ["create"], appliance: "small", imageUse: "device", carriedImage: null, defaultImage: null, installParameters: {}, ...manifest },
      trusted: null,
      blacklisted: false,
      ...definition,
    },
    variant: "minimal",
    disks: [{ index: 0, sizeMib: 2_048 }, { index: 1, sizeMib: 100 }],
    memoryMib: 512,
    start: null,
    hasPreviousDisk: true,
    cluster: { hostScripts: true, installTimeoutSeconds: 1_800, diskRetentionSeconds: 600 },
    nodeRunsHostScripts: false,
    applianceHasRoot: false,
    safeInstall: true,
    ...change,
  };
}

const trusted = { by: "admin", at: "2026-11-20T00:00:00.000Z" };

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
    ["a host half where the cluster forbids it", { definition: { trusted }, manifest: { hostScripts: ["create"], untrustedScripts: [] }, cluster: { hostScripts: false, installTimeoutSeconds: null, diskRetentionSeconds: 0 }, nodeRunsHostScripts: true }, { code: "unsupported" }],
    ["a trusted host half on a node without root", { definition: { trusted }, manifest: { hostScripts: ["create"] } }, { code: "unsupported" }],
    ["the full appliance where the cluster's has only its small system", { manifest: { appliance: "full" } }, { code: "unsupported", field: "osType", message: "OS definition debian needs the full appliance, and the cluster's has only its small system." }],
    ["a default image, which nothing writes yet", { manifest: { defaultImage: { location: "https://example.test/a.img", format: "raw", compression: "none", checksum: null } } }, { code: "unsupported", field: "osType" }],
    ["installation parameters, which nothing uses yet", { manifest: { installParameters: { boot_order: "cdrom" } } }, { code: "unsupported", field: "osType" }],
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
            cluster: { hostScripts, installTimeoutSeconds: null, diskRetentionSeconds: 0 },
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
    expect(applianceOf({ manifest: { appliance: "full" }, applianceHasRoot: true })).toBe("full");
  });

  it("is refused for what it lacks only where there is one", () => {
    expect(applianceOf({ manifest: { appliance: "full" }, applianceHasRoot: null })).toBe("full");
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
        cluster: { hostScripts: given.hostScripts, installTimeoutSeconds: null, diskRetentionSeconds: 0 },
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

it("room is refused with what is there and what is needed", () => {
  expect(refuseForRoom("n1", { diskFreeMib: 10, memoryFreeMib: 10 }, { diskMib: 10, memoryMib: 10 })).toBeNull();
  expect(refuseForRoom("n1", { diskFreeMib: 9, memoryFreeMib: 10 }, { diskMib: 10, memoryMib: 10 })?.message).toBe("Node n1 has 9 MiB of disk free; 10 MiB are needed.");
  expect(refuseForRoom("n1", { diskFreeMib: 10, memoryFreeMib: 9 }, { diskMib: 10, memoryMib: 10 })?.code).toBe("no_room");
});
