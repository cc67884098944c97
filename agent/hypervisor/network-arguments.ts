import { channelMac, SESSION_CHANNEL_IP } from "#lib/domain/channel-address.ts";
import { METADATA_SOCKET, RUN_FOLDER } from "./guest-folder.ts";
import type { ChannelLink, GuestNic, NicLink } from "./hypervisor.ts";

/** How long socat goes on in one direction after the other has ended: seconds. */
const HALF_CLOSE_SECONDS = 30;
const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/;
const LOOPBACK = "127.0.0.1";

function number(value: number, least: number, most: number): string {
  if (!Number.isInteger(value) || value < least || value > most) throw new Error("a number can't stand among QEMU's options");
  return String(value);
}

function device(id: string, mac: string, ...place: readonly string[]): string[] {
  if (!MAC.test(mac)) throw new Error("a MAC address isn't one");
  return ["-device", ["virtio-net-pci", `netdev=${id}`, `mac=${mac}`, ...place].join(",")];
}

/**
 * cloud-init looks for metadata on one interface alone: of those that may be connected, the one whose name comes first. An interface
 * with an index of the firmware's is called by it, `eno1`, which comes before the others' `enp…` and `ens…`. It stays the last one by
 * the kernel's count, as it is the only one behind a port, and only behind one QEMU can give it an index.
 */
const FIRST_BY_NAME = { port: ["-device", "pcie-root-port,id=channel-port,chassis=1,slot=1"], place: ["bus=channel-port", "acpi-index=1"] } as const;

function backend(id: string, link: NicLink, index: number): string {
  switch (link.kind) {
    case "closed":
      return `user,id=${id},restrict=on,ipv6=off`;
    case "user": {
      // A network of its own for each NIC: a guest with two can tell them apart.
      const network = `10.0.${String(2 + index)}`;
      const forwards = link.forwards.map(({ guestPort, hostPort }) => `hostfwd=tcp:${LOOPBACK}:${number(hostPort, 1_024, 65_535)}-${network}.15:${number(guestPort, 1, 65_535)}`);
      // Closed but for these: a guest that could open connections would reach what listens on the host's loopback.
      return ["user", `id=${id}`, "restrict=on", "ipv6=off", `net=${network}.0/24`, `dhcpstart=${network}.15`, ...forwards].join(",");
    }
    case "tap":
      return tap(id, link.fd);
  }
}

/** The descriptor is the launcher's; with the sandbox in full QEMU could open nothing of the kind. */
function tap(id: string, fd: number): string {
  return `tap,id=${id},fd=${number(fd, 3, 255)},vhost=off`;
}

/**
 * QEMU's arguments for one of the instance's own network interfaces, by its place among them. `bootRank`: of the first, where the guest
 * starts from the network; only then has it the program that does so.
 */
export function nicArguments({ mac, link }: GuestNic, index: number, bootRank: number | null): string[] {
  const id = `nic${String(index)}`;
  const boot = bootRank === null ? ["romfile="] : [`bootindex=${String(bootRank + index)}`];
  return ["-netdev", backend(id, link, index), ...device(id, mac, ...boot)];
}

/**
 * QEMU's arguments for a guest's channel (design: metadata, "The channel"; machine: "Session mode", "System mode"): the TAP of
 * this one guest, or QEMU's user network, closed to everything but port 80 of 169.254.169.254, which leads to a socket that
 * belongs to it; the socket's path is relative to the guest's folder.
 *
 * Only the `cmd:` form of guestfwd works; QEMU starts the program for each connection, which is why a guest with such a channel
 * runs in a sandbox that allows it to start programs.
 */
export function channelArguments(link: ChannelLink, guest: "instance" | "appliance"): string[] {
  // The appliance has no other interface, and a port costs time at its start.
  const { port, place } = guest === "instance" ? FIRST_BY_NAME : { port: [], place: [] };
  if (link.kind === "tap") return ["-netdev", tap("channel", link.fd), ...port, ...device("channel", link.mac, "romfile=", ...place)];
  // Input and output are one socket: only a shutdown tells the guest that the answer is over. QEMU takes two commas for one.
  const forward = `socat -t${String(HALF_CLOSE_SECONDS)} STDIO,,shut-down UNIX-CONNECT:${RUN_FOLDER}/${METADATA_SOCKET}`;
  const network = [
    "user",
    "id=channel",
    "restrict=on",
    "ipv6=off",
    "net=169.254.0.0/16",
    "host=169.254.169.253",
    "dns=169.254.169.252",
    `dhcpstart=${SESSION_CHANNEL_IP}`,
    `guestfwd=tcp:169.254.169.254:80-cmd:${forward}`,
  ];
  return ["-netdev", network.join(","), ...port, ...device("channel", channelMac(SESSION_CHANNEL_IP), "romfile=", ...place)];
}
