import { execFileSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { followEvents, followInstall } from "#agent/testing/follow.ts";
import { exampleOrder } from "#agent/testing/orders.ts";
import type { AgentEvent, InstallOrder } from "#lib/agent-protocol/messages.ts";
import { privateValue, secretValue } from "#lib/domain/visibility.ts";
import { Bed } from "./bed.ts";
import { prepareDefinition, type SmallDefinition } from "./definition.ts";
import { channelInstance } from "./guests.ts";
import { guestLeavings } from "./namespace.ts";
import { commandLines, listProcesses, readEntry } from "./processes.ts";
import { Undo } from "./undo.ts";

const place = inject("network");
const TEST_MS = 120_000;
const CANARIES = { secret: "canary-of-the-secret-93be", private: "canary-of-the-private-5d17" };
/** By which the process is known that a script leaves behind. */
const WORD = "40981";

const undo = new Undo();
let bed: Bed;
let last = 80;

async function orderOf(definition: SmallDefinition): Promise<InstallOrder> {
  last++;
  return exampleOrder({
    ...(await prepareDefinition(bed.client, place, definition)),
    instance: channelInstance(`trusted${last}.example.org`, `169.254.0.${last}`),
    applianceIp: `169.254.1.${last}`,
    start: false,
    parameters: new Map([
      ["size", { visibility: "public", value: "large" }],
      ["motto", { visibility: "private", value: privateValue(CANARIES.private) }],
      ["root_password", { visibility: "secret", value: secretValue(CANARIES.secret) }],
    ]),
  });
}
function diskOf(order: InstallOrder): string {
  return path.join(bed.instanceFolder(order.instance), "disk-0");
}
function textsOf(events: readonly AgentEvent[], author: string): string[] {
  return events.flatMap((event) => (event.type === "install.entries" ? event.entries.filter((entry) => entry.author === author).map(({ text }) => text ?? "") : []));
}
const holdsCanary = (text: string): boolean => Object.values(CANARIES).some((canary) => text.includes(canary));

/** Processes, their environments and mounts, loop devices, files: of a script that has ended none is there. */
async function expectNothingLeft(): Promise<void> {
  expect(commandLines().filter((words) => words.includes(WORD))).toEqual([]);
  const pids = listProcesses().map(({ pid }) => pid);
  expect(pids.filter((pid) => holdsCanary(readEntry(pid, "environ")) || holdsCanary(readEntry(pid, "cmdline")))).toEqual([]);
  expect(pids.filter((pid) => /\/run\/slipway\/(os|disks|pipe)/.test(readEntry(pid, "mountinfo")))).toEqual([]);
  expect(execFileSync("losetup", ["--list", "--noheadings", "--output", "BACK-FILE"], { encoding: "utf8" })).not.toContain(bed.folder);
  expect(await readdir(path.join(bed.helper.runFolder, "scripts"))).toEqual([]);
  for (const canary of Object.values(CANARIES)) {
    expect(execFileSync("sh", ["-c", 'grep --recursive --files-with-matches --text --fixed-strings -e "$1" "$2" || true', "sh", canary, bed.folder], { encoding: "utf8" })).toBe("");
  }
  expect([...bed.agent.logLines, ...bed.helper.logLines].filter(holdsCanary)).toEqual([]);
  expect(await guestLeavings()).toEqual({ links: [], routes: [], elements: [] });
}

beforeAll(async () => {
  bed = await Bed.start(place, { settings: { host_scripts: "yes", script_limits: "optional" } });
  undo.push(() => bed.end());
});
afterAll(() => undo.all());

/** A value as a script may name it that is itself in a file: in two words. */
const inTwo = (value: string): string => `${value.slice(0, 9)}''${value.slice(9)}`;

/** Makes a filesystem on the disk by a loop device and a mount, and takes neither away, nor what it has started. */
const ALONE = `
set -eu
echo '{"step":"unpack"}'
[ "$OSP_ROOT_PASSWORD" = ${inTwo(CANARIES.secret)} ]
[ "$OSP_MOTTO" = ${inTwo(CANARIES.private)} ]
echo "$INSTANCE_NAME: $DISK_COUNT disk of $DISK_0_SIZE MiB, $OSP_SIZE, \${SLIPWAY_PIPE:-no pipe}; the password is $OSP_ROOT_PASSWORD"
loop=$(losetup --find --show "$DISK_0_PATH")
mke2fs -q -t ext4 "$loop"
mkdir /tmp/system
mount "$loop" /tmp/system
echo "by the host" >/tmp/system/made
trap '' TERM
setsid sleep ${WORD} &
for n in 1 2 3 4 5 6; do echo "line $n"; sleep 0.5; done
`;

/** Each half writes its part of the disk, when the other has said so. */
const HOST_HALF = `
set -eu
coproc socat - UNIX-CONNECT:"$SLIPWAY_PIPE"
hear() { while read -r line <&"\${COPROC[0]}"; do [ "$line" != "$1" ] || return 0; done; return 1; }
hear "guest is ready"
printf 'by the host' | dd of="$DISK_0_PATH" bs=512 seek=1 conv=notrunc,fsync status=none
echo "go $OSP_MOTTO" >&"\${COPROC[1]}"
hear "guest is done"
echo "heard the guest"
`;
const GUEST_HALF = `
until said=$(wget -q -O - http://169.254.169.254/ganeti/latest/read | grep '^go '); do echo "guest is ready"; sleep 0.5; done
[ "$said" = "go $OSP_MOTTO" ] || { echo "was told something else"; exit 4; }
[ "$(dd if="$DISK_0_PATH" bs=512 skip=1 count=1 2>/dev/null | head -c 11)" = "by the host" ] || exit 5
printf 'by the guest' | dd of="$DISK_0_PATH" bs=512 seek=2 conv=notrunc,fsync
echo "guest is done"
`;

describe("a definition with a trusted half", () => {
  test("installs by it alone: it sees its environment, disk and secrets, and nothing of it is left", async () => {
    const order = { ...(await orderOf({ host: ALONE })), appliance: null };
    await bed.client.install(order);
    await followEvents(bed.client, (event) => textsOf([event], "host script").includes("line 1"));
    // Its values are in its own memory and nowhere else, while it runs.
    const own = new Set(bed.helper.processes().map(({ pid }) => pid));
    const holders = listProcesses().filter(({ pid }) => holdsCanary(readEntry(pid, "environ")));
    expect(holders.length).toBeGreaterThan(0);
    expect(holders.filter(({ pid }) => !own.has(pid))).toEqual([]);
    expect(commandLines().filter((words) => words.some(holdsCanary))).toEqual([]);
    const { status, events } = await followInstall(bed.client, order.id);
    expect(status).toMatchObject({ state: "done", committed: true, error: null });
    expect(textsOf(events, "host script")).toContain(`${order.instance.name}: 1 disk of 16 MiB, large, no pipe; the password is <redacted>`);
    expect(holdsCanary(JSON.stringify(events))).toBe(false);
    expect(execFileSync("debugfs", ["-R", "cat /made", diskOf(order)], { encoding: "utf8" })).toBe("by the host\n");
    await expectNothingLeft();
  }, TEST_MS);

  test("installs with both halves, which do their parts in turns over the pipe", async () => {
    const order = await orderOf({ create: GUEST_HALF, host: HOST_HALF });
    await bed.client.install(order);
    const { status, events } = await followInstall(bed.client, order.id);
    expect(status).toMatchObject({ state: "done", committed: true, error: null });
    expect(textsOf(events, "host script")).toContain("heard the guest");
    expect(textsOf(events, "guest")).toContain("guest is done");
    expect(execFileSync("dd", [`if=${diskOf(order)}`, "bs=512", "skip=1", "count=2", "status=none"], { encoding: "utf8" }).replaceAll("\0", "|").replace(/\|+/g, "|")).toBe("by the host|by the guest|");
    expect(holdsCanary(JSON.stringify(events))).toBe(false);
    await expectNothingLeft();
  }, TEST_MS);

  test("has failed when either half has, and the other is ended with it", async () => {
    const order = await orderOf({ create: `echo ready; sleep 1000`, host: `sleep 1; setsid sleep ${WORD} & echo "no tape in the drive" >&2; exit 3` });
    await bed.client.install(order);
    expect((await followInstall(bed.client, order.id)).status).toMatchObject({ state: "failed", committed: false, error: { code: "script_failed", message: "The script on the host ended with exit status 3. It said last: no tape in the drive" } });
    await expectNothingLeft();
  }, TEST_MS);
});
