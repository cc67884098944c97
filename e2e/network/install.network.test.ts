import path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { followInstall } from "#agent/testing/follow.ts";
import { exampleOrder, type ScriptOrder } from "#agent/testing/orders.ts";
import type { InstallOrder, InstanceSpec } from "#lib/agent-protocol/messages.ts";
import { privateValue, secretValue } from "#lib/domain/visibility.ts";
import { Bed } from "./bed.ts";
import { prepareDefinition } from "./definition.ts";
import { addressesOf, channelInstance, probeDisks } from "./guests.ts";
import { addressPlan, get } from "./hostile-plan.ts";
import { guestLeavings } from "./namespace.ts";
import { Undo } from "./undo.ts";

const place = inject("network");
const CANARIES = { secret: "canary-of-the-secret-71aa", private: "canary-of-the-private-02ce" };
const APPLIANCE_IP = "169.254.0.99";
const INSTALL_MS = 120_000;

/** Installs the probe, and a plan for it. */
const CREATE = `
set -eu
echo '{"step":"unpack"}'
[ "$OSP_ROOT_PASSWORD" = ${CANARIES.secret} ]
dd if="$SLIPWAY_OS_IMAGE" of="$DISK_0_PATH" bs=1M conv=fsync
# A reinstall is about the first disk alone.
[ "\${INSTANCE_REINSTALL:-}" = 1 ] || printf '%s' "$OSP_PLAN" | dd of="$DISK_1_PATH" conv=fsync
echo '{"step":"configure"}'
`;
const VERIFY = `
echo "the size is $OSP_SIZE"
[ "$OSP_SIZE" = large ] || { echo 'The size is not one.'; exit 1; }
`;

const undo = new Undo();
let bed: Bed;
let instance: InstanceSpec;
let prepared: Pick<ScriptOrder, "appliance" | "os">;

function order(change: Partial<ScriptOrder> & { readonly size: string }): InstallOrder {
  const { size, ...rest } = change;
  const plan = [...addressPlan(addressesOf(instance)), `parameters ${get("/ganeti/latest/os/parameters.json")}`, "quick measure 1 0 /latest/meta-data/hostname 40", ""].join("\n");
  return exampleOrder({
    ...prepared,
    instance,
    applianceIp: APPLIANCE_IP,
    timeoutSeconds: 100,
    parameters: new Map([
      ["size", { visibility: "public", value: size }],
      ["plan", { visibility: "private", value: privateValue(plan) }],
      ["motto", { visibility: "private", value: privateValue(CANARIES.private) }],
      ["root_password", { visibility: "secret", value: secretValue(CANARIES.secret) }],
    ]),
    ...rest,
  });
}

function windowsIn(console: string): { readonly failed: number }[] {
  return [...console.matchAll(/^probe quick window=\d+ count=\d+ failed=(\d+)/gm)].map(([, failed]) => ({ failed: Number(failed) }));
}

beforeAll(async () => {
  bed = await Bed.start(place);
  undo.push(() => bed.end());
  instance = channelInstance("installed.example.org", "169.254.0.31", { disks: probeDisks() });
  prepared = await prepareDefinition(bed.client, place, { create: CREATE, verify: VERIFY, image: path.join(place.guests, "probe.raw"), bootMarker: "probe init channel" });
});
afterAll(() => undo.all());

describe("an install on a node in system mode", () => {
  test("goes through the appliance's own channel, and ends in a system that has its data but no secret", async () => {
    const first = order({ size: "large" });
    await bed.client.install(first);
    const { status, events } = await followInstall(bed.client, first.id);
    expect(status).toMatchObject({ state: "done", committed: true, error: null });
    expect(status.firstBootAt).not.toBeNull();
    const said = events.flatMap((event) => (event.type === "install.entries" ? event.entries.map(({ text }) => text) : []));
    expect(said).toContain("the size is large");
    await bed.untilConsoleSays(instance, /probe quick window=2 /);
    const console = await bed.console(instance);
    // What the console says is scrubbed: that the values came is told by their number.
    expect(console).toMatch(/probe parameters answers=1 status=200 .*"size": ?\["large"/);
    expect(console).not.toContain("root_password");
    // The appliance's address is given back; the instance's own stays.
    expect((await guestLeavings()).links).toHaveLength(1);
    expect((await guestLeavings()).routes.filter((line) => line.includes(APPLIANCE_IP))).toEqual([]);
  }, INSTALL_MS);

  test("has its parameters looked at beside the running system, which goes on when they are refused", async () => {
    const before = windowsIn(await bed.console(instance)).length;
    const refused = order({ operation: "reinstall", size: "small" });
    await bed.client.install(refused);
    const { status } = await followInstall(bed.client, refused.id);
    expect(status).toMatchObject({ state: "failed", error: { code: "script_failed" }, committed: false });
    expect(await bed.client.instance(instance.id)).toMatchObject({ power: "running" });
    await bed.untilConsoleSays(instance, new RegExp(`probe quick window=${before + 2} `));
    const during = windowsIn(await bed.console(instance)).slice(before);
    expect(during.every(({ failed }) => failed === 0)).toBe(true);
    expect((await guestLeavings()).links).toHaveLength(1);
  }, INSTALL_MS);

  test("takes the running system's place", async () => {
    const again = order({ operation: "reinstall", size: "large" });
    await bed.client.install(again);
    expect((await followInstall(bed.client, again.id)).status).toMatchObject({ state: "done", committed: true });
    expect(await bed.client.instance(instance.id)).toMatchObject({ power: "running" });
    expect((await guestLeavings()).links).toHaveLength(1);
  }, INSTALL_MS);

  test("leaves nothing when the instance is removed", async () => {
    await bed.client.removeInstance(instance.id, instance.id);
    expect(await guestLeavings()).toEqual({ links: [], routes: [], elements: [] });
  });
});
