import { describe, expect, it } from "vitest";
import type { Problem } from "#components/api/request.ts";
import { NO_IMAGE, NO_SOURCE_DRAFT } from "#components/source/source-draft.ts";
import type { InstallPreview } from "#lib/domain/install-plan.ts";
import { blockingCheck, firstSizes, isVerdict, previewQuestion, refusedPreview, withSource } from "./create-preview.ts";

const preview: InstallPreview = {
  plan: {
    operation: "create",
    osType: "debian",
    definitionVersion: 1,
    definitionDigest: "d",
    image: null,
    medium: {},
    package: null,
    inPlace: false,
    replacesDataDisks: [],
    runs: [],
    appliance: null,
    verifiesFirst: false,
    completion: "reported",
    replacesDisk: { index: 0, sizeMib: 2048 },
    keepsDisks: [],
    retainPreviousSeconds: null,
    timeoutSeconds: null,
    start: true,
    steps: [],
  },
  parameters: [],
  secretsToSend: [],
  needsPackageCredentials: false,
  checks: [
    { id: "node", ok: true, text: "Node node1 answers." },
    { id: "room", ok: true, text: "Node node1 has 61 GiB of disk free; 2.0 GiB are needed." },
    { id: "definition", ok: true, text: "OS definition debian, version 1." },
    { id: "appliance", ok: true, text: "Install appliance is ready." },
  ],
  expectedSeconds: null,
};
const noRoom: Problem = { code: "no_room", detail: "No node that answers has 60000000 MiB of disk free.", field: "node", requestId: null };
const question = { osType: "debian", diskMib: 60_000_000, memoryMib: 512 };

describe("the preview of a new instance", () => {
  it("is asked for with the size of the first disk in MiB, and with a node only where one was chosen", () => {
    expect(previewQuestion({ node: "", disks: ["2.5", "10"], memoryMib: "1024" }, "debian")).toEqual({ osType: "debian", diskMib: 2560, memoryMib: 1024 });
    expect(previewQuestion({ node: "node1", disks: ["4"], memoryMib: "512" }, "debian")).toEqual({ osType: "debian", node: "node1", diskMib: 4096, memoryMib: 512 });
  });

  it("begins with the sizes that the form begins with, so that an untouched form has nothing to ask", () => {
    const sizes = firstSizes({ diskMib: 2500, memoryMib: 0 });
    expect(sizes).toEqual({ diskMib: 3072, memoryMib: 512 });
    expect(previewQuestion({ node: "", disks: [String(sizes.diskMib / 1024)], memoryMib: String(sizes.memoryMib) }, "debian")).toEqual({ osType: "debian", ...sizes });
  });

  it("is asked for with what differs from what counts anyway, and has nothing probed where there is nothing", () => {
    const asked = previewQuestion({ node: "", disks: ["2"], memoryMib: "512" }, null);
    expect(withSource(asked, NO_SOURCE_DRAFT, NO_SOURCE_DRAFT)).toEqual({ osType: null, diskMib: 2048, memoryMib: 512, probe: false });
    expect(withSource(asked, { ...NO_SOURCE_DRAFT, image: { ...NO_IMAGE, location: "/srv/a.img" } }, NO_SOURCE_DRAFT)).toMatchObject({ image: { location: "/srv/a.img" } });
    const stored = { ...NO_SOURCE_DRAFT, packageUrl: "https://x.test/a.tgz" };
    expect(withSource({ osType: "debian" }, stored, stored)).toEqual({ osType: "debian" });
  });

  it("keeps from installing by the first thing that is wrong and matters", () => {
    const checks = [{ id: "node", ok: true, text: "n" }, { id: "package", ok: false, text: "p" }, { id: "image", ok: false, text: "i" }] as const;
    expect([blockingCheck(checks, []), blockingCheck(checks, ["package"]), blockingCheck(checks, ["package", "image"])]).toEqual(["p", "i", null]);
  });

  it("shows a refusal in place of node and room, with the size that was refused, and keeps the rest", () => {
    const shown = refusedPreview(preview, noRoom, question);
    expect(shown.checks.map(({ id, ok }) => [id, ok])).toEqual([["room", false], ["definition", true], ["appliance", true]]);
    expect(shown.checks[0]?.text).toBe(noRoom.detail);
    expect(shown.plan.replacesDisk?.sizeMib).toBe(60_000_000);
  });

  it("doesn't show as a size what is none", () => {
    expect([0, Number.NaN].map((diskMib) => refusedPreview(preview, noRoom, { ...question, diskMib }).plan.replacesDisk?.sizeMib)).toEqual([2048, 2048]);
  });

  it("calls refused sizes what the form calls them", () => {
    const problem: Problem = { code: "invalid", detail: "diskMib: must be at most 67108864", field: "diskMib", requestId: null };
    expect(refusedPreview(preview, problem, question).checks[0]?.text).toBe("Disk 0, in MiB: must be at most 67108864");
    const sentence = "The instance has 64 MiB of memory; OS definition debian needs 512 MiB.";
    expect(refusedPreview(preview, { ...problem, detail: sentence, field: "memoryMib" }, question).checks[0]?.text).toBe(sentence);
  });

  it("no longer vouches for a definition that was refused", () => {
    const problem: Problem = { code: "unknown_object", detail: "There is no OS definition debian.", field: "osType", requestId: null };
    expect(refusedPreview(preview, problem, question).checks.map(({ id }) => id)).toEqual(["room", "appliance"]);
  });

  it("takes a missing answer for no verdict", () => {
    const silent: Problem = { code: "unreachable", detail: "The controller doesn't answer.", field: null, requestId: null };
    expect([noRoom, silent, { ...silent, code: "too_many_requests" as const }].map(isVerdict)).toEqual([true, false, false]);
    expect(refusedPreview(preview, silent, question).checks[0]).toMatchObject({ ok: false });
  });
});
