/** What the fault matrix plays with: a stack of its own, an instance that installs are tried on, a server of images, a cable that can be cut. */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { ScratchStack } from "#scripts/test/scratch-stack.ts";
import { withDatabase } from "../canary/read-everything.ts";
import { acceptedSchema, Client, installSchema, type Install } from "../client.ts";
import { until } from "../network/processes.ts";
import { openStack, registerDefinition, type Stack } from "../stack.ts";
import { SlowServer } from "./slow-server.ts";
import { TcpProxy } from "./tcp-proxy.ts";

const FINAL = ["done", "failed", "cancelled", "timed_out"];
const jobSchema = z.object({ jobId: z.number() });
/** An instance of the matrix: what of it a fault could change. */
const instanceSchema = z.object({
  id: z.string(),
  name: z.string(),
  operState: z.enum(["running", "stopped"]).nullable(),
  status: z.string(),
  osType: z.string().nullable(),
  lockedByJobId: z.number().nullable(),
});
export type InstanceNow = z.infer<typeof instanceSchema>;
export const DISK_MIB = 32;

export interface Begun {
  readonly jobId: number;
  readonly installId: string;
  /** What the new system would be known by. */
  readonly word: string;
  readonly secret: string;
}

export class FaultWorld {
  readonly scratch: ScratchStack;
  readonly server: SlowServer;
  readonly proxy: TcpProxy;
  /** What the instance is known by now. */
  word = "";
  readonly name = "victim.example.org";

  private constructor(scratch: ScratchStack, server: SlowServer, proxy: TcpProxy) {
    this.scratch = scratch;
    this.server = server;
    this.proxy = proxy;
  }

  /** On a stack that is up. Puts the cable between controller and agent, and installs the victim. */
  static async open(scratch: ScratchStack): Promise<FaultWorld> {
    const stack = openStack(scratch.upFile);
    const [agent] = stack.agents;
    if (agent === undefined) throw new Error("the stack has no agent");
    const proxy = await TcpProxy.listen(Number(new URL(agent.address).port));
    const world = new FaultWorld(scratch, await SlowServer.listen(), proxy);
    await withDatabase(stack.databaseUrl, (client) => client.query("UPDATE node SET address = $1 WHERE name = $2", [`https://127.0.0.1:${proxy.port}`, agent.node]));
    // The controller looks an address up when it begins.
    process.kill(world.pid("controller"), "SIGKILL");
    await world.up();
    await registerDefinition(world.stack, "holder");
    await world.admin.call("PATCH", "/api/v1/cluster", z.unknown(), { privateSources: ["127.0.0.1"] });
    const word = randomBytes(4).toString("hex");
    const body = { name: world.name, osType: "holder+default", memoryMib: 128, disks: [{ sizeMib: DISK_MIB }], start: true, parameters: { public: { word }, secret: { passphrase: "s-first" } } };
    const { installId } = await world.admin.call("POST", "/api/v1/instances", acceptedSchema, body);
    const made = await world.admin.follow(installId);
    if (made.state !== "done") throw new Error(`the victim can't be installed: ${made.error?.message ?? made.state}`);
    world.word = word;
    return world;
  }

  get stack(): Stack {
    return openStack(this.scratch.upFile);
  }

  get admin(): Client {
    const { consoleUrl, adminUser, adminPassword } = this.stack;
    return Client.withPassword(consoleUrl, adminUser, adminPassword);
  }

  pid(name: string): number {
    const pid = this.stack.pids[name];
    if (pid === undefined) throw new Error(`up.json has no process ${name}`);
    return pid;
  }

  /** Starts what doesn't run any more. */
  async up(): Promise<void> {
    const { code, tail } = await this.scratch.up(() => undefined);
    if (code !== 0) throw new Error(`the stack doesn't come up again\n${tail}`);
  }

  async instance(): Promise<InstanceNow> {
    return this.admin.call("GET", `/api/v1/instances/${this.name}`, instanceSchema);
  }

  /** Begins a reinstall of the victim. What isn't said comes from nowhere: no image, no package. */
  async reinstall(body: object, parameters: Readonly<Record<string, string>> = {}): Promise<Begun> {
    const word = randomBytes(4).toString("hex");
    const secret = `s-${randomBytes(12).toString("hex")}`;
    const accepted = await this.admin.call("POST", `/api/v1/instances/${this.name}/reinstall`, acceptedSchema, {
      osType: "holder+default",
      image: null,
      package: null,
      ...body,
      parameters: { public: { hold: "nowhere", word, ...parameters }, secret: { passphrase: secret } },
    });
    return { ...accepted, word, secret };
  }

  /** Says to whoever waits on the instance's channel that it may go on. */
  async sayGo(name = this.name): Promise<void> {
    await this.admin.send("POST", `/api/v1/instances/${name}/channel`, { line: "go" });
  }

  async install(id: string): Promise<Install> {
    return this.admin.call("GET", `/api/v1/installs/${id}`, installSchema);
  }

  async isOver(id: string): Promise<boolean> {
    return FINAL.includes((await this.install(id)).state);
  }

  /** After a cut the controller tries the node again in its own time. */
  async untilNodeAnswers(): Promise<void> {
    const name = this.stack.agents[0]?.node ?? "";
    await until("the node to answer", async () => ((await this.admin.call("GET", `/api/v1/nodes/${name}`, z.object({ state: z.string() }))).state === "online" ? true : null), 120_000);
  }

  async power(name: string, action: "start" | "stop"): Promise<void> {
    const { jobId } = await this.admin.call("PUT", `/api/v1/instances/${name}/power`, jobSchema, { action, graceSeconds: 0 });
    await this.jobEnds(jobId);
  }

  /** The status with which a job ends. */
  async jobEnds(jobId: number): Promise<string> {
    const look = async (): Promise<string> => (await this.admin.call("GET", `/api/v1/jobs/${jobId}`, z.object({ status: z.string() }))).status;
    const abort = AbortSignal.timeout(170_000);
    const events = await this.admin.stream("/api/v1/events", abort);
    let status = await look();
    if (["success", "error", "canceled"].includes(status)) return status;
    for await (const piece of events) {
      if (piece.length === 0) continue;
      status = await look();
      if (["success", "error", "canceled"].includes(status)) return status;
    }
    throw new Error(`job ${jobId} is ${status}, and the stream of events has ended`);
  }

  async close(): Promise<void> {
    await this.server.close();
    await this.proxy.close();
  }
}
