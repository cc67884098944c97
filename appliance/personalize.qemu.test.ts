import { spawnSync } from "node:child_process";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import type {} from "#scripts/test/require-stack.ts";
import { bootAppliance } from "./boot-appliance.ts";
import { startStandInHost } from "./stand-in-host.ts";

const folder = inject("artifacts").appliance;
const DISK_MIB = 400;
/** One run of the appliance may take so long; milliseconds. */
const RUN_MS = 240_000;
vi.setConfig({ testTimeout: 600_000, hookTimeout: 300_000 });
const LAYOUTS = ["ext4", "partitions", "lvm", "btrfs", "btrfs-at", "vfat", "luks", "two", "empty"] as const;
type Layout = (typeof LAYOUTS)[number];

/** Makes a system of each kind, on the disk of that number. `etc/old` and links of a merged /usr are there before. */
const MAKE = `#!/bin/bash
set -eu
export LVM_SUPPRESS_FD_WARNINGS=1
system() { # DEVICE TYPE [SUBVOLUME]
	mount -t "$2" "$1" /mnt
	into=/mnt/\${3:-}
	[ -z "\${3:-}" ] || btrfs -q subvolume create "$into"
	mkdir -p "$into/etc" "$into/usr/bin" "$into/usr/lib"
	echo old >"$into/etc/old"
	[ "$2" = vfat ] || ln -s usr/bin "$into/bin"
	[ "\${4:-}" = "" ] || btrfs subvolume set-default "$into"
	umount /mnt
}
mkfs.ext4 -q -F -O ^metadata_csum "$DISK_0_PATH"; system "$DISK_0_PATH" ext4
printf 'label: gpt\\nsize=50M, type=U\\ntype=L\\n' | sfdisk -q "$DISK_1_PATH"
mkfs.vfat "\${DISK_1_PATH}1" >/dev/null; mkfs.xfs -q "\${DISK_1_PATH}2"; system "\${DISK_1_PATH}2" xfs
printf 'label: dos\\nsize=50M, type=83\\ntype=8e\\n' | sfdisk -q "$DISK_2_PATH"
mkfs.ext2 -q "\${DISK_2_PATH}1"
lvm='activation { udev_sync=0 udev_rules=0 }'
vgcreate -q --config "$lvm" system "\${DISK_2_PATH}2" >/dev/null
lvcreate -q --config "$lvm" -y -L 40M -n swap system >/dev/null; mkswap -q /dev/system/swap
lvcreate -q --config "$lvm" -y -l 100%FREE -n root system >/dev/null
mkfs.ext3 -q /dev/system/root; system /dev/system/root ext3
vgchange -q --config "$lvm" -an system >/dev/null
mkfs.btrfs -q "$DISK_3_PATH"; system "$DISK_3_PATH" btrfs system default
mkfs.btrfs -q "$DISK_4_PATH"; system "$DISK_4_PATH" btrfs @rootfs
mkfs.vfat "$DISK_5_PATH" >/dev/null; system "$DISK_5_PATH" vfat
printf 'label: gpt\\nsize=50M\\ntype=L\\n' | sfdisk -q "$DISK_6_PATH"
mkfs.ext4 -q "\${DISK_6_PATH}1"; printf 'LUKS\\xba\\xbe\\0\\001' | dd of="\${DISK_6_PATH}2" bs=8 count=1 status=none
printf 'label: gpt\\nsize=150M\\ntype=L\\n' | sfdisk -q "$DISK_7_PATH"
mkfs.ext4 -q "\${DISK_7_PATH}1"; system "\${DISK_7_PATH}1" ext4; mkfs.ext4 -q "\${DISK_7_PATH}2"; system "\${DISK_7_PATH}2" ext4
echo made
`;

/** Tells what has become of the system on the first disk. */
const TELL = `#!/bin/bash
set -u
device=$DISK_0_PATH
[ -b "\${device}2" ] && device=\${device}2
vgchange -q --config 'activation { udev_sync=0 udev_rules=0 }' -ay >/dev/null 2>&1
[ -b /dev/system/root ] && device=/dev/system/root
mount "$device" /mnt || exit 1
root=/mnt
[ -d /mnt/@rootfs ] && root=/mnt/@rootfs
cd "$root"
for file in $(find . -xdev -type f | sort); do echo "$file $(stat -c '%a %u:%g' "$file") $(head -c 20 "$file")"; done
for link in $(find . -xdev -type l | sort); do echo "$link -> $(readlink "$link")"; done
find . -xdev -type b
`;

interface Entry {
  readonly name: string;
  readonly type?: "0" | "1" | "2" | "4" | "5";
  readonly mode?: number;
  readonly content?: string;
  readonly link?: string;
  readonly size?: number;
}

/** Entries exactly as they are given, which no tar program would write. */
function tarOf(entries: readonly Entry[]): Buffer {
  return Buffer.concat([
    ...entries.flatMap(({ name, type = "0", mode = 0o644, content = "", link = "", size = Buffer.byteLength(content) }) => {
      const block = Buffer.alloc(512);
      const octal = (value: number, offset: number, length: number): void => void block.write(`${value.toString(8).padStart(length - 1, "0")}\0`, offset, "latin1");
      block.write(name, 0);
      octal(mode, 100, 8);
      octal(1_000, 108, 8);
      octal(1_001, 116, 8);
      // More than eleven digits of octal hold: the number itself, as GNU tar writes it.
      if (size < 2 ** 33) octal(size, 124, 12);
      else {
        block.writeUInt8(0x80, 124);
        block.writeUIntBE(size, 130, 6);
      }
      octal(0, 136, 12);
      block.write("        ", 148);
      block.write(type, 156);
      block.write(link, 157);
      block.write("ustar\x0000", 257, "latin1");
      octal(254, 329, 8);
      octal(0, 337, 8);
      octal(block.reduce((sum, byte) => sum + byte, 0), 148, 7);
      return [block, Buffer.from(content), Buffer.alloc((512 - (Buffer.byteLength(content) % 512)) % 512)];
    }),
    Buffer.alloc(1_024),
  ]);
}

const PLAIN = gzipSync(tarOf([{ name: "etc/", type: "5", mode: 0o755 }, { name: "etc/new", content: "new\n", mode: 0o640 }, { name: "etc/old", content: "replaced\n" }, { name: "bin/tool", content: "tool\n", mode: 0o755 }]));

let scratch: string;
const diskOf = (layout: Layout): string => join(scratch, layout);

async function run(script: string, disks: readonly string[], files: readonly { readonly path: string; readonly mode: number; readonly content: Buffer }[], archive: Buffer = Buffer.alloc(0)): Promise<readonly string[]> {
  const described = disks.map((_, index) => ({ serial: `disk-${String(index)}`, index, sizeMiB: DISK_MIB, access: "rw", name: null, uuid: "d" }));
  const instance = { name: "web1.example.org", uuid: "i", hypervisor: "kvm", primaryNode: "node1", memoryMiB: 512, vcpus: 2, tags: [], disks: described, nics: [], be: {}, hv: {} };
  const metadata = { contract: 2, operation: "create", script, install: { id: "i", token: "t" }, appliance: { rootSerial: "appliance-root" }, os: { name: "test", variant: null, apiVersion: 20, imageSerial: null, imageUse: "device" }, oldName: null, instance };
  const host = await startStandInHost({ metadata, files, give: new Map([["/ganeti/latest/os/package", { bytes: archive }]]) });
  try {
    const machine = bootAppliance({ folder, disks, port: host.port });
    const tooLong = setTimeout(machine.kill, RUN_MS);
    await machine.off;
    clearTimeout(tooLong);
    return host.lines.length === 0 ? [machine.console()] : host.lines;
  } finally {
    await host.close();
  }
}

const scriptFile = (content: string) => [{ path: "create", mode: 0o755, content: Buffer.from(content) }];
const personalize = (layout: Layout, archive: Buffer): Promise<readonly string[]> => run("personalize", [diskOf(layout)], [], archive);
const tell = async (layout: Layout): Promise<readonly string[]> => (await run("create", [diskOf(layout)], scriptFile(TELL))).slice(0, -1);
const result = (status: number): string => `{"result":{"token":"t","exit_status":${String(status)}}}`;
const laid = (mode: string, owner: string, executable = mode): string[] => [`./etc/new ${mode} ${owner} new`, `./etc/old ${mode === "640" ? "644" : mode} ${owner} replaced`, `./usr/bin/tool ${executable} ${owner} tool`, "./bin -> usr/bin"];

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "personalize-"));
  for (const layout of LAYOUTS) {
    const file = await open(diskOf(layout), "w");
    await file.truncate(DISK_MIB * 1_048_576);
    await file.close();
  }
  const said = await run("create", LAYOUTS.map(diskOf), scriptFile(MAKE));
  expect(said.slice(-2)).toEqual(["made", result(0)]);
});
afterAll(() => rm(scratch, { recursive: true }));

describe("a package", () => {
  it.each<[Layout, string]>([
    ["partitions", "xfs filesystem on /dev/vda2"],
    ["lvm", "ext3 filesystem on /dev/system/root"],
    ["btrfs", "btrfs filesystem on /dev/vda"],
    ["btrfs-at", "btrfs filesystem on /dev/vda, subvolume @rootfs"],
  ])("is laid over the one system of a disk: %s", async (layout, what) => {
    const said = await personalize(layout, PLAIN);
    expect(said).toContain(`The installed system is the ${what}.`);
    expect(said.at(-1)).toBe(result(0));
    expect(await tell(layout)).toEqual(laid("640", "1000:1001", "755"));
  });

  it("is laid over a disk that is nothing but vfat, which keeps no owners and links", async () => {
    expect((await personalize("vfat", PLAIN)).at(-1)).toBe(result(0));
    expect(await tell("vfat")).toContain("./etc/new 755 0:0 new");
  });

  it("does no harm outside of the system, whatever is in it", async () => {
    const archive = gzipSync(
      tarOf([
        { name: "../../../etc/escaped", content: "up\n" },
        { name: "/etc/absolute", content: "abs\n" },
        { name: "out", type: "2", link: "/etc" },
        { name: "out/inside", content: "linked\n" },
        { name: "passwd", type: "1", link: "../../etc/old" },
        { name: "disk", type: "4" },
        { name: "usr/bin/suid", mode: 0o4755, content: "#!/bin/sh\n" },
      ]),
    );
    const said = await personalize("ext4", archive);
    expect(said.at(-1)).toBe(result(0));
    expect(await tell("ext4")).toEqual([
      "./etc/absolute 644 1000:1001 abs",
      "./etc/escaped 644 1000:1001 up",
      "./etc/inside 644 1000:1001 linked",
      "./etc/old 644 0:0 old",
      "./passwd 644 0:0 old",
      "./usr/bin/suid 4755 1000:1001 #!/bin/sh",
      "./bin -> usr/bin",
      "./out -> /etc",
      "./disk",
    ]);
  });

  it("with a file of 100 GB ends when the disk is full", async () => {
    const zeros = spawnSync("sh", ["-c", "head -c 600000000 /dev/zero | gzip -1"], { maxBuffer: 64 * 1_048_576 }).stdout;
    // Members of a gzip file follow each other: what they hold does, too.
    const archive = Buffer.concat([gzipSync(tarOf([{ name: "large", size: 100_000_000_000 }]).subarray(0, 512)), zeros]);
    const said = await personalize("partitions", archive);
    expect(said.join("\n")).toMatch(/No space left on device/);
    expect(said.at(-1)).toBe(result(1));
  });

  it("that is no archive is refused", async () => {
    expect((await personalize("ext4", Buffer.from("<html>not found</html>"))).at(-1)).toBe(result(1));
  });

  it.each<[Layout, RegExp]>([
    ["luks", /crypto_LUKS on \/dev\/vda2, \/dev\/vda1 with ext4/],
    ["two", /several systems.*\/dev\/vda1 with ext4, \/dev\/vda2 with ext4/],
    ["empty", /no filesystem/],
  ])("is refused where it isn't clear what to lay it over, and what is there is named: %s", async (layout, words) => {
    const said = await personalize(layout, PLAIN);
    expect(said.join("\n")).toMatch(words);
    expect(said.at(-1)).toBe(result(1));
  });
});

describe("the rescue system", () => {
  it("shows the disks and a shell, again when it was left, and switches off when asked to, without a channel", async () => {
    const machine = bootAppliance({ folder, disks: [diskOf("lvm")], port: null, commandLine: "slipway.rescue" });
    const tooLong = setTimeout(machine.kill, RUN_MS);
    try {
      await machine.saw("# ");
      expect(machine.console()).toMatch(/vda2 .* LVM2_member/);
      expect(machine.console()).toMatch(/system-root .* ext3/);
      machine.type("echo shell-$$; tty; exit\n");
      // What is typed while a shell goes is nobody's.
      await vi.waitFor(() => expect(machine.console().split("Slipway rescue system")[2]).toContain("# "), 60_000);
      expect(machine.console()).toContain("/dev/ttyS0");
      machine.type("mount /dev/system/root /mnt && ls /mnt/etc; echo again-$((1 + 1))\n");
      await machine.saw("again-2");
      machine.type("poweroff\n");
      await machine.off;
    } finally {
      clearTimeout(tooLong);
      machine.kill();
    }
  });
});
