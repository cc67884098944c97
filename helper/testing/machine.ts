/** A guest with a kernel of its own kind: a namespace whose only interface has its frames carried through the TAP that the helper gave. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

import type { Pair } from "./pairs.ts";
import { AGENT_USER, run } from "./test-helper.ts";
import type { TestHelper } from "./test-helper.ts";

export class Machine {
  readonly namespace: string;
  readonly #plug: string;
  readonly #relay: ChildProcess;

  private constructor(namespace: string, plug: string, relay: ChildProcess) {
    this.namespace = namespace;
    this.#plug = plug;
    this.#relay = relay;
  }

  /** For a guest for which one link was asked for. Its interface is `eth0`. */
  static async plugIn(helper: TestHelper, pair: Pair): Promise<Machine> {
    const namespace = `slipway-${pair.key}`;
    const plug = `plug-${pair.key}`;
    await run("ip", ["netns", "add", namespace]);
    await run("ip", ["link", "add", plug, "type", "veth", "peer", "name", "eth0", "netns", namespace]);
    await run("sysctl", ["-qw", `net.ipv6.conf.${plug}.disable_ipv6=1`]);
    await run("ip", ["link", "set", plug, "up"]);
    await run("ip", ["-n", namespace, "link", "set", "eth0", "address", pair.mac]);
    await run("ip", ["-n", namespace, "link", "set", "lo", "up"]);
    await run("ip", ["-n", namespace, "link", "set", "eth0", "up"]);
    const frames = helper.program("slipway-frames");
    const relay = spawn(frames, ["join", plug, String(AGENT_USER.uid), String(AGENT_USER.gid), helper.program("slipway-launch"), "--helper", helper.socket, "--guest", pair.key, "--", frames, "relay"], { stdio: ["ignore", "inherit", "inherit"] });
    await helper.waitForLog((fact) => fact["what"] === "up" && fact["guest"] === pair.key);
    return new Machine(namespace, plug, relay);
  }

  async ip(...args: readonly string[]): Promise<void> {
    await run("ip", ["-n", this.namespace, ...args]);
  }

  async unplug(): Promise<void> {
    const ended = once(this.#relay, "exit");
    this.#relay.kill("SIGKILL");
    await ended;
    // With the namespace it would go too, but only some time later.
    await run("ip", ["link", "del", this.#plug]);
    await run("ip", ["netns", "del", this.namespace]);
  }
}
