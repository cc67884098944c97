import { HOST_ADDRESS, HOST_ADDRESS6 } from "#lib/domain/channel-address.ts";

/** One thing that a guest tries (guests/probe/main.c), and what it may say of it. */
export interface Attempt {
  readonly label: string;
  readonly command: string;
  readonly expected: RegExp;
}

export interface Parties {
  readonly own: { readonly ip: string; readonly ip6: string; readonly mac: string };
  readonly neighbour: { readonly ip: string; readonly ip6: string; readonly mac: string };
  /** An address of the host's that isn't its channels'. */
  readonly host: { readonly address: string; readonly address6: string; readonly port: number };
  readonly outside: { readonly address: string; readonly address6: string; readonly port: number };
  /** The id of an install, and of the neighbour. */
  readonly neighbourId: string;
}

/** The host's on every channel, beside its own. */
const HOST_LINK_LOCAL = "fe80::a9fe:a9fe";
const SILENT = /^silent$/;
const NOT_THERE = /^(silent|refused|unreachable)$/;
/** One answer, which says no, or the end of the connection. */
const REFUSED = /^(answers=1 status=4\d\d |answers=0 status=none |closed|silent)/;

/** Bytes as the probe's plan has them: no space, nothing that isn't printed. */
export function encodeBytes(text: string): string {
  return [...Buffer.from(text, "latin1")].map((byte) => (byte > 32 && byte < 127 && byte !== 92 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`)).join("");
}

function send(text: string, host = HOST_ADDRESS): string {
  return `send ${host} ${encodeBytes(text)}`;
}

export function get(path: string, host = HOST_ADDRESS): string {
  return send(`GET ${path} HTTP/1.1\r\nHost: ${HOST_ADDRESS}\r\nConnection: close\r\n\r\n`, host);
}

/** What gives a guest the addresses that it was handed out, by hand. */
export function addressPlan({ ip, ip6 }: { readonly ip: string; readonly ip6: string }): string[] {
  return [
    // Nobody else can have the address, and looking for one takes a second.
    "set busybox sysctl -w net.ipv6.conf.eth0.accept_dad=0",
    "set busybox ip link set eth0 up",
    `set busybox ip addr add ${ip}/32 dev eth0`,
    `set busybox ip route add ${HOST_ADDRESS}/32 dev eth0`,
    `set busybox ip -6 addr add ${ip6}/128 dev eth0`,
    `set busybox ip -6 route add ${HOST_ADDRESS6}/128 dev eth0`,
  ];
}

/** What an honest guest may do: without it none of the silence below would show anything. */
export function honestAttempts({ own }: Parties): Attempt[] {
  const answered = /^answered/;
  return [
    { label: "own-lease", command: "lease - -", expected: new RegExp(`^offered ${own.ip.replaceAll(".", "\\.")}$`) },
    { label: "own-metadata", command: get("/latest/meta-data/hostname"), expected: /^answers=1 status=200 .*hostile/ },
    { label: "own-metadata6", command: get("/latest/meta-data/hostname", HOST_ADDRESS6), expected: /^answers=1 status=200 .*hostile/ },
    { label: "own-arp", command: `arp - ${own.ip} ${HOST_ADDRESS}`, expected: answered },
    { label: "own-connection", command: `syn - ${own.ip} ${HOST_ADDRESS} 80`, expected: answered },
    { label: "own-connection6", command: `syn6 - ${own.ip6} ${HOST_ADDRESS6} 80`, expected: answered },
  ];
}

/** Says that it is its neighbour, its host, or nobody. */
export function falseNames({ own, neighbour, host, outside }: Parties): Attempt[] {
  const silent = (label: string, command: string): Attempt => ({ label, command, expected: SILENT });
  // Beside each other: it is their silence that takes time.
  const beside = (label: string, command: string): Attempt => silent(label, `&${command}`);
  const martians = ["127.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1", HOST_ADDRESS, host.address, outside.address];
  return [
    silent("lease-of-neighbour", `lease ${neighbour.mac} ${neighbour.mac}`),
    silent("lease-asked-for-neighbour", `lease - ${neighbour.mac}`),
    silent("lease-from-neighbours-mac", `lease ${neighbour.mac} -`),
    beside("mac-of-neighbour", `syn ${neighbour.mac} ${own.ip} ${HOST_ADDRESS} 80`),
    beside("address-of-neighbour", `syn - ${neighbour.ip} ${HOST_ADDRESS} 80`),
    beside("mac-and-address-of-neighbour", `syn ${neighbour.mac} ${neighbour.ip} ${HOST_ADDRESS} 80`),
    ...martians.map((source, index) => beside(`martian-${index}`, `syn - ${source} ${HOST_ADDRESS} 80`)),
    beside("to-loopback", `syn - ${own.ip} 127.0.0.1 ${host.port}`),
    { label: "all-silent", command: "wait", expected: /^nothing/ },
    silent("arp-asked-as-neighbour", `arp - ${neighbour.ip} ${HOST_ADDRESS}`),
    silent("arp-asked-as-neighbour-with-its-mac", `arp ${neighbour.mac} ${neighbour.ip} ${HOST_ADDRESS}`),
    silent("arp-said-neighbour-is-here", `arp - ${neighbour.ip} ${HOST_ADDRESS} answer`),
    silent("arp-said-host-is-here", `arp - ${HOST_ADDRESS} ${neighbour.ip} answer`),
    silent("arp-asked-for-neighbour", `arp - ${own.ip} ${neighbour.ip}`),
    silent("arp-asked-for-host", `arp - ${own.ip} ${host.address}`),
    beside("address6-of-neighbour", `syn6 - ${neighbour.ip6} ${HOST_ADDRESS6} 80`),
    beside("mac-and-address6-of-neighbour", `syn6 ${neighbour.mac} ${neighbour.ip6} ${HOST_ADDRESS6} 80`),
    beside("loopback6", `syn6 - ::1 ${HOST_ADDRESS6} 80`),
    beside("address6-of-host", `syn6 - ${HOST_ADDRESS6} ${HOST_ADDRESS6} 80`),
    { label: "all-silent6", command: "wait", expected: /^nothing/ },
    { label: "advert-of-neighbour", command: `neighbour6 advert ${neighbour.ip6} ff02::1`, expected: /^said$/ },
    { label: "advert-of-neighbour-to-host", command: `neighbour6 advert ${neighbour.ip6} ${HOST_ADDRESS6}`, expected: /^said$/ },
    { label: "router", command: "neighbour6 router fe80::bad ff02::1", expected: /^said$/ },
  ];
}

/** Looks for whatever else there might be, with a route to everywhere. */
export function reaching({ neighbour, host, outside }: Parties): Attempt[] {
  const reach = (label: string, address: string, port: number): Attempt => ({ label, command: `reach ${address} ${port}`, expected: NOT_THERE });
  return [
    { label: "route", command: `busybox ip route add default via ${HOST_ADDRESS} dev eth0 onlink`, expected: /^status=0/ },
    { label: "route6", command: `busybox ip -6 route add default via ${HOST_LINK_LOCAL} dev eth0`, expected: /^status=0/ },
    reach("neighbour", neighbour.ip, 22),
    reach("neighbour6", neighbour.ip6, 22),
    reach("host", host.address, host.port),
    reach("host6", host.address6, host.port),
    reach("host-by-channel", HOST_ADDRESS, host.port),
    reach("host-by-channel6", HOST_ADDRESS6, host.port),
    reach("host-by-link", `${HOST_LINK_LOCAL}%c`, host.port),
    reach("host-ssh", HOST_ADDRESS, 22),
    reach("outside", outside.address, outside.port),
    reach("outside6", outside.address6, outside.port),
  ];
}

/** What isn't HTTP, or is twice, and paths that lead out of what it may see. */
export function strangeRequests({ neighbourId }: Parties): Attempt[] {
  const refused = (label: string, command: string): Attempt => ({ label, command, expected: REFUSED });
  const paths = [
    "/../../../../etc/passwd",
    "/latest/../../etc/passwd",
    "/latest/meta-data/../../../../etc/passwd",
    "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/latest/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/..%5c..%5cetc/passwd",
    "/latest/user-data%00",
    "//etc/passwd",
    "/etc/passwd",
    "/ganeti/latest/os/scripts/create",
    "/ganeti/latest/os/scripts/../../../../../etc/passwd",
    "/ganeti/latest/os/untrusted.tar",
    `/ganeti/latest/os/scripts/${neighbourId}/create`,
    `/${neighbourId}/latest/user-data`,
    `/${"a/".repeat(400)}`,
    `/${"a".repeat(7_000)}`,
  ];
  const post = "POST /ganeti/latest/write HTTP/1.1\r\nHost: h\r\n";
  const second = "GET /latest/user-data HTTP/1.1\r\nHost: h\r\n\r\n";
  return [
    ...paths.map((path, index) => refused(`path-${index}`, get(path))),
    refused("nul", get("/latest/user-data\0")),
    refused("absolute", get("http://127.0.0.1/etc/passwd")),
    refused("length-and-chunks", send(`${post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${second}`)),
    refused("two-lengths", send(`${post}Content-Length: 0\r\nContent-Length: 4\r\n\r\nabcd${second}`)),
    refused("chunks-twice", send(`${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${second}`)),
    refused("chunks-hidden", send(`${post}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${second}`)),
    refused("chunks-folded", send(`${post}X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n${second}`)),
    refused("length-signed", send(`${post}Content-Length: +4\r\n\r\nabcd${second}`)),
    refused("length-huge", send(`${post}Content-Length: 99999999999999999999\r\n\r\n${second}`)),
    refused("chunk-size-strange", send(`${post}Transfer-Encoding: chunked\r\n\r\n0x4\r\nabcd\r\n0\r\n\r\n${second}`)),
    refused("lines-without-return", send("GET /latest/user-data HTTP/1.1\nHost: h\n\n")),
    refused("get-with-body", send(`GET /latest/ HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd${second}`)),
    refused("no-http", send("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")),
    refused("another-protocol", send("GET / HTTP/9.9\r\n\r\n")),
    refused("connect", send("CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: h\r\n\r\n")),
    refused("upgrade", send(`OPTIONS * HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n${second}`)),
    refused("long-header", send(`GET / HTTP/1.1\r\nHost: h\r\nX: ${"y".repeat(9_000)}\r\n\r\n`)),
    refused("many-headers", send(`GET / HTTP/1.1\r\nHost: h\r\n${"A: b\r\n".repeat(1_800)}\r\n`)),
  ];
}

const TEN_GIB = 10 * 1_073_741_824;

/** Much at once, or nothing for long. */
export function floods({ own }: Parties): Attempt[] {
  return [
    { label: "slow", command: "slow 1000 21", expected: /^asked=1000 opened=\d+ most=\d+ ended=\d+ left=0$/ },
    { label: "post-announced", command: `pour 5 ${TEN_GIB} length`, expected: /^sent=\d+ posts=\d+ connections=\d+ status=413$/ },
    // What is taken of it is taken slowly: the answer may come later.
    { label: "post-chunked", command: `pour 5 ${TEN_GIB} chunked`, expected: /^sent=\d+ posts=\d+ connections=\d+ status=(413|none)$/ },
    { label: "flood-dhcp", command: "dhcp-flood 4", expected: /^sent=\d+ offers=\d+$/ },
    { label: "flood-connections", command: `syn-flood 4 ${own.ip} ${HOST_ADDRESS} 80`, expected: /^sent=\d+$/ },
    { label: "flood-sources", command: `syn-flood 4 any ${HOST_ADDRESS} 80`, expected: /^sent=\d+$/ },
  ];
}
