/**
 * The communication channel in session mode (design: "The channel"; machine: "Session mode, tried end to end"): QEMU's user
 * network, closed to everything but port 80 of 169.254.169.254, which leads to a socket that belongs to this one guest.
 *
 * Only the `cmd:` form of guestfwd works; QEMU starts the program for each connection, which is why a guest with a channel
 * runs in a sandbox that allows it to start programs.
 */

/** Folder, below a guest's own, of everything that only lives as long as the guest. */
export const RUN_FOLDER = "run";
/** The metadata service's socket, in RUN_FOLDER. */
export const METADATA_SOCKET = "metadata.sock";

/** How long socat goes on in one direction after the other has ended: seconds. */
const HALF_CLOSE_SECONDS = 30;

/** QEMU's arguments for a guest's channel. Constant but for nothing: the socket's path is relative to the guest's folder. */
export function channelArguments(): string[] {
  const forward = `socat -t${String(HALF_CLOSE_SECONDS)} - UNIX-CONNECT:${RUN_FOLDER}/${METADATA_SOCKET}`;
  const network = [
    "user",
    "id=channel",
    "restrict=on",
    "ipv6=off",
    "net=169.254.0.0/16",
    "host=169.254.169.253",
    "dns=169.254.169.252",
    "dhcpstart=169.254.0.10",
    `guestfwd=tcp:169.254.169.254:80-cmd:${forward}`,
  ];
  return ["-netdev", network.join(","), "-device", "virtio-net-pci,netdev=channel,romfile="];
}
