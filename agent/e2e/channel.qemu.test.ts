import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import type { AgentEvent, GuestData, HostKey } from "#lib/agent-protocol/messages.ts";
import { privateValue, secretValue } from "#lib/domain/visibility.ts";
import type {} from "#scripts/test/require-stack.ts";
import { followEvents, followInstall } from "../testing/follow.ts";
import { exampleOrder, powerOrder } from "../testing/orders.ts";
import { type AgentProcess, type Artifacts, prepareOrder, sampleInstance, startAgentProcess } from "./fixtures.ts";
import { createKey, runOverSsh } from "./ssh.ts";

const built = inject("artifacts");
const artifacts: Artifacts = { applianceFolder: built.appliance, imageFolder: built.image, definitionFolder: join(import.meta.dirname, "../../os-definitions/debian") };
const USER_DATA = "#cloud-config\nhostname: canary-of-the-user-data-3b71\n";
/** How a system without curl asks for something: as much of the answer as its head says, which need not be the connection's end. */
const ANSWER = [
  "n=0",
  "while IFS= read -r line <&3; do line=${line%$'\\r'}; echo \"$line\"; case \"$line\" in [Cc]ontent-[Ll]ength:*) n=${line#*: };; '') break;; esac; done",
  'head -c "$n" <&3',
].join("; ");
const ask = (head: string, body = ""): string => `exec 3<>/dev/tcp/169.254.169.254/80; printf '${head} HTTP/1.1\\r\\nHost: host\\r\\nContent-Length: ${String(body.length)}\\r\\n\\r\\n%s' '${body}' >&3; ${ANSWER}`;
const GET = (path: string): string => ask(`GET ${path}`);
const WRITE = (line: string): string => ask("POST /ganeti/latest/write", `${line}\n`);

let folder: string;
let agent: AgentProcess;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "agent-"));
  agent = await startAgentProcess(folder);
});
afterEach(async () => {
  for (const name of await readdir(join(agent.dataDir, "instances"))) await agent.client.removeInstance(name, name);
  await agent.end("SIGTERM");
  await rm(folder, { recursive: true });
});

function hostKeysIn(events: readonly AgentEvent[]): HostKey[] {
  return events.flatMap((event) => (event.type === "instance.host-keys" ? event.keys : []));
}

describe("an instance of the sample definition, in session mode", () => {
  test("is reached by SSH with the host key that it showed, has its channel, and keeps both when its agent is killed", async () => {
    const key = await createKey(folder);
    const sample = sampleInstance();
    const instance = { ...sample, communication: true, datasource: "ec2" as const, sshKeys: [key.line], nics: sample.nics.map((nic) => ({ ...nic, mode: "user", forwards: [22] })) };
    const data: GuestData = { parameters: new Map([["ssh_authorized_keys", { visibility: "public", value: key.line }]]), userData: privateValue(USER_DATA) };
    const order = exampleOrder({
      ...(await prepareOrder(agent, artifacts)),
      instance,
      timeoutSeconds: 300,
      firstBootSeconds: 150,
      parameters: new Map([...data.parameters, ["root_password", { visibility: "secret", value: secretValue("canary-of-the-secret-9f2c") }]]),
      userData: data.userData,
    });
    await agent.client.install(order);
    const { status, events } = await followInstall(agent.client, order.id);
    expect(status).toMatchObject({ state: "done", error: null });
    const hostKeys = hostKeysIn(events);
    expect(hostKeys.map(({ type }) => type)).toEqual(["ssh-ed25519"]);
    const [ssh] = (await agent.client.instance(instance.id)).reach;
    if (ssh === undefined) throw new Error("no port leads to the instance");
    const inGuest = (command: string): Promise<string> => runOverSsh(folder, key.file, ssh, hostKeys, `bash -c "${command.replaceAll(/[$"\\]/g, "\\$&")}"`);

    expect(await inGuest("cat /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_uuid")).toBe(`Amazon EC2\nec2${instance.id.slice(3)}\n`);
    expect(await inGuest(GET("/latest/user-data"))).toContain("canary-of-the-user-data-3b71");
    const served = await inGuest(GET("/ganeti/latest/os/parameters.json"));
    expect(served).toContain("ssh_authorized_keys");
    expect(served).not.toContain("canary-of-the-secret");
    await inGuest(WRITE("up and running"));
    await followEvents(agent.client, (event) => event.type === "instance.lines" && event.lines.some(({ text }) => text === "up and running"));
    await agent.client.sendToGuest(instance.id, { id: randomUUID(), author: "user anna", line: "hello" });
    expect(await inGuest(GET("/ganeti/latest/read"))).toMatch(/\n\nhello\n$/);

    // What listens on the node's loopback is none of the guest's business.
    const service = createServer((connection) => connection.end("of the node\n"));
    service.listen(0, "127.0.0.1");
    await once(service, "listening");
    // A server that listens on TCP has an address of this kind.
    const { port } = service.address() as AddressInfo;
    expect(await inGuest(`timeout 5 cat </dev/tcp/10.0.2.2/${String(port)} 2>/dev/null; echo $?`)).not.toMatch(/of the node|^0$/);
    service.close();

    await agent.end("SIGKILL");
    agent = await agent.restart();
    expect((await agent.client.instance(instance.id)).reach).toEqual([ssh]);
    expect(await agent.client.wantedGuestData()).toEqual([instance.id]);
    // Asked before they are there: the guest gets them all the same.
    const held = inGuest(GET("/latest/user-data"));
    await agent.client.putGuestData(instance.id, data);
    expect(await held).toContain("canary-of-the-user-data-3b71");
    await inGuest(WRITE("and canary-of-the-user-data-3b71 again"));
    await followEvents(agent.client, (event) => event.type === "instance.lines" && event.lines.some(({ text }) => text?.startsWith("and <redacted>") === true));

    expect(await agent.client.power(powerOrder(instance, "reboot", 30, data))).toMatchObject({ power: "running", reach: [ssh] });
    // It boots: until its sshd listens, connections end.
    await expect.poll(() => inGuest("echo here again").catch(() => "not yet"), { timeout: 150_000, interval: 1_000 }).toBe("here again\n");
  }, 400_000);
});
