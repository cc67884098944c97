import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { readlinkSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { runOrFail } from "#scripts/process/run.ts";
import { until } from "./processes.ts";

const COMMAND_MS = 10_000;

/** Runs `ip` with words, in the namespace of the tests. */
export async function ip(...args: readonly string[]): Promise<string> {
  return (await runOrFail("ip", args, { cwd: "/", timeoutMs: COMMAND_MS })).output;
}

/** The same with `nft`. */
export async function nft(...args: readonly string[]): Promise<string> {
  return (await runOrFail("nft", args, { cwd: "/", timeoutMs: COMMAND_MS })).output;
}

/** A bridge as an administrator makes it, the host's address on it. */
export async function makeBridge(name: string, ...addresses: readonly string[]): Promise<void> {
  await ip("link", "add", name, "type", "bridge");
  for (const address of addresses) await ip("address", "add", address, "dev", name, ...(address.includes(":") ? ["nodad"] : []));
  await ip("link", "set", name, "up");
}

export async function removeLink(name: string): Promise<void> {
  await ip("link", "delete", name);
}

/** What the node has for guests, which has to be gone when they are. */
export interface Leavings {
  readonly links: readonly string[];
  /** Lines of `ip route` and `ip rule` that name an interface or an address of a guest. */
  readonly routes: readonly string[];
  /** Elements of the helper's sets that name an interface of a guest; but for how much it has sent of late, which is nobody's right. */
  readonly elements: readonly string[];
}

/** Interfaces of guests, with what leads to them. */
export async function guestLeavings(): Promise<Leavings> {
  const isGuests = (line: string): boolean => /\bgnt\.(com|nic)\.\d/.test(line);
  const lines = (text: string): string[] => text.split("\n").filter(isGuests);
  const [links, routes, routes6, rules] = await Promise.all([
    ip("-brief", "link"),
    ip("route", "show", "table", "all"),
    ip("-6", "route", "show", "table", "all"),
    nft("list", "ruleset"),
  ]);
  return { links: lines(links), routes: [...lines(routes), ...lines(routes6)], elements: lines(rules).filter((line) => !/ (limit rate|ct count) /.test(line)) };
}

/** A namespace beyond the host, with an address and a service, to which the host forwards. */
export interface Outside {
  readonly address: string;
  readonly address6: string;
  readonly port: number;
  /** How many connections have come. */
  visits(): number;
  end(): Promise<void>;
}

const OUTSIDE_PORT = 8080;
const GREETER = `
const server = require("node:net").createServer((peer) => { peer.on("error", () => {}); peer.end("outside\\n"); process.stdout.write("visit\\n"); });
server.listen(${OUTSIDE_PORT}, "::", () => process.stdout.write("ready\\n"));
`;

/** The host becomes a router between its guests, if their packets got that far, and the outside. */
export async function makeOutside(): Promise<Outside> {
  const child: ChildProcess = spawn("unshare", ["--net", "--", process.execPath, "--eval", `process.stdin.once("data", () => {${GREETER}})`], { stdio: ["pipe", "pipe", "inherit"] });
  const { pid, stdin, stdout } = child;
  if (pid === undefined || stdin === null || stdout === null) throw new Error("the outside can't be made");
  let said = "";
  stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const own = readlinkSync("/proc/self/ns/net");
  await until("the outside's namespace", () => (readlinkSync(`/proc/${pid}/ns/net`) === own ? null : true));
  await ip("link", "add", "outside0", "type", "veth", "peer", "name", "outside1", "netns", String(pid));
  await ip("address", "add", "203.0.113.1/24", "dev", "outside0");
  await ip("address", "add", "2001:db8:1::1/64", "dev", "outside0", "nodad");
  await ip("link", "set", "outside0", "up");
  const within = async (...args: readonly string[]): Promise<void> => {
    await runOrFail("nsenter", ["--net", `--target=${pid}`, "ip", ...args], { cwd: "/", timeoutMs: COMMAND_MS });
  };
  await within("link", "set", "lo", "up");
  await within("address", "add", "203.0.113.2/24", "dev", "outside1");
  await within("address", "add", "2001:db8:1::2/64", "dev", "outside1", "nodad");
  await within("link", "set", "outside1", "up");
  await within("route", "add", "default", "via", "203.0.113.1");
  await within("-6", "route", "add", "default", "via", "2001:db8:1::1");
  await writeFile("/proc/sys/net/ipv4/ip_forward", "1");
  await writeFile("/proc/sys/net/ipv6/conf/all/forwarding", "1");
  stdin.write("go\n");
  await until("the outside's service", () => (said.includes("ready") ? true : null));
  return {
    address: "203.0.113.2",
    address6: "2001:db8:1::2",
    port: OUTSIDE_PORT,
    visits: () => said.split("visit").length - 1,
    end: async () => {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
      await writeFile("/proc/sys/net/ipv4/ip_forward", "0");
      await writeFile("/proc/sys/net/ipv6/conf/all/forwarding", "0");
      // Its other end went with the namespace.
      await until("the link to the outside", async () => ((await ip("-brief", "link")).includes("outside0") ? null : true));
    },
  };
}

/** A service on every address of the host, as there are many; it counts who comes. */
export interface HostService {
  readonly port: number;
  visits(): number;
  end(): Promise<void>;
}

export async function startHostService(port: number): Promise<HostService> {
  let visits = 0;
  const server: Server = createServer((peer) => {
    visits++;
    peer.on("error", () => undefined);
    peer.end("host\n");
  });
  server.listen(port, "::");
  await once(server, "listening");
  return {
    port,
    visits: () => visits,
    end: async () => {
      server.close();
      await once(server, "close");
    },
  };
}
