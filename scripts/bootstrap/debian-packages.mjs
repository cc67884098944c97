import { spawnSync } from "node:child_process";
import { Refusal, say } from "./say.mjs";

const PACKAGES = {
  /** What runs and installs virtual machines, and what builds the appliance and the sample's image (appliance/README.md). */
  running: [
    "qemu-system-x86", "qemu-utils", "socat", "ipxe-qemu", "seabios",
    "mmdebstrap", "uidmap", "squashfs-tools", "e2fsprogs", "fdisk", "extlinux", "zstd", "xz-utils", "lz4", "cpio", "jq",
    "binutils", "gcc", "libc6-dev", "busybox-static", "procps", "util-linux", "ca-certificates", "openssh-client",
  ],
  /** What system mode needs besides, and what the helper is built with. Not `dnsmasq`, whose service would start on the host. */
  network: ["dnsmasq-base", "nftables", "iproute2", "libnftables-dev", "libmnl-dev"],
  /** A browser, and the client of the remote API that Ganeti ships. */
  tests: ["chromium", "python3-ganeti-rapi"],
  benches: ["wrk"],
};
/** Of no use to anybody else. */
const FOR_ROOT = new Set(["network"]);

/**
 * Sees to it that the Debian packages are there: root installs them, anybody else is told which are missing.
 *
 * @param {(keyof typeof PACKAGES)[]} sets what they are needed for
 */
export function ensureDebianPackages(sets) {
  const wanted = sets.filter((set) => process.getuid() === 0 || !FOR_ROOT.has(set)).flatMap((set) => PACKAGES[set]);
  if (wanted.length === 0) return;
  const missing = missingPackages(wanted);
  if (missing.length === 0) return;
  const install = ["install", "--yes", "--no-install-recommends", ...missing];
  if (process.getuid() !== 0) {
    throw new Refusal(
      `these Debian packages are missing: ${missing.join(" ")}\nInstall them as root, then run this again:\n\n  apt-get update && apt-get ${install.join(" ")}\n`,
    );
  }
  say(`installing Debian packages: ${missing.join(" ")}`);
  apt(["update", "--quiet"]);
  apt([...install, "--quiet"]);
}

function missingPackages(names) {
  const query = spawnSync("dpkg-query", ["--show", "--showformat=${Package} ${Status}\\n", ...names], { encoding: "utf8" });
  if (query.error) throw new Refusal("Slipway runs on Debian 12 (dpkg-query can't be started here)");
  // A package that was removed is still known; one that never was is only missing from the answer.
  const installed = new Set(query.stdout.split("\n").filter((line) => line.endsWith(" ok installed")).map((line) => line.split(" ")[0]));
  return names.filter((name) => !installed.has(name));
}

function apt(args) {
  const result = spawnSync("apt-get", args, {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" },
    // What apt says goes where ours goes.
    stdio: ["ignore", 2, 2],
  });
  if (result.status !== 0) throw new Refusal(`apt-get ${args[0]} ended with status ${result.status ?? result.signal}`);
}
