/** A guest under the test's control: it has its TAPs from the helper by the launcher, as QEMU has, and sends what it is told. */
import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

import type { TestHelper } from "./test-helper.ts";
import { AGENT_USER } from "./test-helper.ts";
import { HOST, HOST6, HOST_MAC, PROTOCOL, TCP, arp, look, neighbour, tcp } from "./packets.ts";
import type { Ends, Seen } from "./packets.ts";
import type { Pair } from "./pairs.ts";

const FIRST = 10;
const PATIENCE_MS = 5_000;

export class Guest {
  readonly pair: Pair;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly seen: Seen[] = [];
  readonly #waiting = new Set<() => void>();
  #sourcePort = 20_000;
  #errors = "";

  constructor(pair: Pair, child: ChildProcessByStdio<Writable, Readable, Readable>) {
    this.pair = pair;
    this.#child = child;
    child.stderr.on("data", (data: Buffer) => (this.#errors += data.toString()));
    child.stdin.on("error", () => undefined); // It has ended; whoever waits for a frame is told by the time limit.
    createInterface(child.stdout).on("line", (line) => {
      const [fd = "", hex = ""] = line.split(" ");
      this.#take(look(Buffer.from(hex, "hex")), Number(fd));
    });
  }

  /** Starts a guest for which \`channel\` and \`nic\` were asked before. */
  static async launch(helper: TestHelper, pair: Pair, taps = 1): Promise<Guest> {
    const guest = new Guest(pair, spawn(helper.program("slipway-launch"), ["--helper", helper.socket, "--guest", pair.key, "--", helper.program("slipway-frames"), "guest", String(taps)], { uid: AGENT_USER.uid, gid: AGENT_USER.gid, stdio: ["pipe", "pipe", "pipe"] }));
    await helper.waitForLog((fact) => fact["what"] === "up" && fact["guest"] === pair.key);
    return guest;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get errors(): string {
    return this.#errors;
  }

  #take(seen: Seen, fd: number): void {
    this.seen.push(seen);
    // It answers for itself as any guest does, or the host couldn't send it anything.
    if (seen.kind === "arp" && seen.flags === 1 && seen.to === this.pair.ip) {
      this.send(arp({ from: this.pair.mac, operation: 2, senderMac: this.pair.mac, senderIp: this.pair.ip, targetIp: seen.from }), fd);
    } else if (seen.protocol === PROTOCOL.icmp6 && seen.flags === 135) {
      const target = seen.bytes.subarray(62, 78);
      if (target.equals(look(neighbour({ mac: this.pair.mac, from: "::", to: "::" }, 135, this.pair.ip6)).bytes.subarray(62, 78)))
        this.send(neighbour({ mac: this.pair.mac, from: this.pair.ip6, to: seen.from }, 136, this.pair.ip6), fd);
    }
    for (const wake of this.#waiting) wake();
  }

  send(frame: Buffer, fd = FIRST): void {
    this.#child.stdin.write(`${String(fd)} ${frame.toString("hex")}\n`);
  }

  /** The ends of a packet of this guest to its host, as they should be. */
  ends(to = HOST): Ends {
    return { mac: this.pair.mac, from: to.includes(":") ? this.pair.ip6 : this.pair.ip, to };
  }

  async expect(wanted: (seen: Seen) => boolean, ms = PATIENCE_MS): Promise<Seen> {
    const deadline = Date.now() + ms;
    for (;;) {
      const found = this.seen.find(wanted);
      if (found !== undefined) return found;
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`${this.pair.key} got no such frame; it got ${JSON.stringify(this.seen.map(({ bytes: _bytes, ...rest }) => rest))} ${this.#errors}`);
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          this.#waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, left);
        this.#waiting.add(wake);
      });
    }
  }

  /** A connection to a port of the host that is answered; what was sent before it has been judged when this comes back. */
  async connects(port = 80, to = HOST): Promise<void> {
    const sourcePort = this.#sourcePort++;
    this.send(tcp(this.ends(to), sourcePort, port));
    await this.expect((seen) => seen.protocol === PROTOCOL.tcp && seen.port === sourcePort && seen.flags === (TCP.syn | TCP.ack));
    this.send(tcp(this.ends(to), sourcePort, port, TCP.rst));
  }

  /** A connection to port 80 that stays: its port here, and what it has to acknowledge. */
  async opens(to = HOST): Promise<{ readonly port: number; readonly next: number }> {
    const port = this.#sourcePort++;
    this.send(tcp(this.ends(to), port, 80));
    const answer = await this.expect((seen) => seen.protocol === PROTOCOL.tcp && seen.port === port && seen.flags === (TCP.syn | TCP.ack));
    const next = answer.bytes.readUInt32BE(answer.kind === "ipv6" ? 58 : 38) + 1;
    this.send(tcp(this.ends(to), port, 80, TCP.ack, [2, next]));
    return { port, next };
  }

  /** One of these, from its beginning to its end on both sides. */
  async opensAndCloses(to = HOST): Promise<void> {
    const { port, next } = await this.opens(to);
    this.send(tcp(this.ends(to), port, 80, TCP.fin | TCP.ack, [2, next]));
    await this.expect((seen) => seen.protocol === PROTOCOL.tcp && seen.port === port && (seen.flags & TCP.fin) !== 0);
    this.send(tcp(this.ends(to), port, 80, TCP.ack, [3, next + 1]));
  }

  /** The `bytes`th byte of the connection, counted from one: the host takes it, so it still knows the connection. */
  async goesOn({ port, next }: { readonly port: number; readonly next: number }, bytes: number): Promise<void> {
    this.send(tcp(this.ends(), port, 80, TCP.ack, [1 + bytes, next], Buffer.from([0x47])));
    await this.expect((seen) => seen.protocol === PROTOCOL.tcp && seen.port === port && seen.flags === TCP.ack && seen.bytes.readUInt32BE(42) === 2 + bytes);
  }

  async resolves(): Promise<void> {
    this.send(arp({ from: this.pair.mac, operation: 1, senderMac: this.pair.mac, senderIp: this.pair.ip, targetIp: HOST }));
    const answer = await this.expect((seen) => seen.kind === "arp" && seen.flags === 2 && seen.from === HOST);
    if (answer.bytes.subarray(6, 12).toString("hex") !== HOST_MAC.replaceAll(":", "")) throw new Error("the host answers with another hardware address");
  }

  async connects6(): Promise<void> {
    await this.connects(80, HOST6);
  }

  /** As when QEMU ends: its interfaces go. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}
