/** The rest of the proof, which takes minutes: processes that are killed while they hold values, defaults, keys, definitions that users bring. */
import { createHash, randomBytes } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { z } from "zod";
import type { Ledger } from "#scripts/canary/ledger.ts";
import { runOrFail } from "#scripts/process/run.ts";
import { acceptedSchema } from "../client.ts";
import { plantAll, type Planted } from "./plant.ts";
import type { Objects } from "./register.ts";
import { expectState, install, lookMeanwhile, type Ended } from "./one-install.ts";
import { hangs, parametersOf, SPEAKER, type Played } from "./steps.ts";
import { digestOf } from "./talker.ts";
import { ROLES, type World } from "./world.ts";

/** What can be done to a stack from outside of its interfaces. */
export interface Rig {
  /** Starts what doesn't run any more, as `npm run up` does. */
  up(): Promise<void>;
  /** Process numbers of now. */
  pids(): { readonly controller: number; readonly agent: number };
  /** The `slipway` command on the controller's host. */
  slipway(...args: readonly string[]): Promise<void>;
}

const definitions = path.resolve(import.meta.dirname, "../definitions");

/** @returns objects that came beside those of the short part. */
export async function playOn(world: World, rig: Rig, played: Played, ledger: Ledger, say: (line: string) => void): Promise<Objects> {
  const name = played.objects.instance;
  say("defaults of the cluster, of a definition and of a variant");
  await setDefaults(world);
  say("new keys while an install runs");
  await rotateKeys(world, rig, played, ledger);
  say("an agent killed while it holds values");
  await killAgent(world, rig, name);
  say("an agent killed while a guest of it runs");
  await killAgentOfRunning(world, rig, played, ledger);
  say("a controller killed with values that no agent has yet");
  await killController(world, rig, name);
  say("a controller killed while the agent goes on");
  await killFollower(world, rig, name);
  say("a definition that a user brings, trusted and not");
  const brought = await bringDefinition(world, played);
  await world.as("administrator").call("DELETE", `/api/v1/instances/${name}-failed`, z.object({ jobId: z.number() }));
  return brought;
}

async function setDefaults(world: World): Promise<void> {
  const admin = world.as("administrator");
  const { plants } = world;
  const anything = z.unknown();
  await admin.call("PATCH", "/api/v1/cluster/parameters", anything, { public: { word: plants.plantPlain("word of the cluster", "public") }, private: { remark: plants.plant("remark of the cluster", "private") } });
  const at = "/api/v1/os-definitions/speaker/parameters";
  await admin.call("PATCH", at, anything, { private: { remark: plants.plant("remark of the definition", "private") } });
  const remark = plants.plant("remark of the variant", "private");
  await admin.call("PATCH", at, anything, { variant: "default", private: { remark } });
  const refused: readonly (readonly [address: string, body: unknown])[] = [
    [at, { secret: { passphrase: plants.plant("passphrase as a default", "secret") } }],
    [at, { public: { passphrase: plants.plant("passphrase as a public default", "secret") } }],
    [at, { public: { remark: plants.plant("remark as a public default", "private") } }],
    [at, { private: { remark: [plants.plant("default of a wrong type", "private")] } }],
    // The cluster knows of no definition's classes: what it is told as public is public.
    ["/api/v1/cluster/parameters", { secret: { passphrase: plants.plant("passphrase as the cluster's default", "secret") } }],
    ["/api/v1/cluster/parameters", { private: { remark: [plants.plant("cluster's default of a wrong type", "private")] } }],
  ];
  for (const [address, body] of refused) {
    const { status } = await admin.send("PATCH", address, body);
    if (status < 400 || status >= 500) throw new Error(`${address} with a default that can't be is answered with ${status}`);
  }
  const passphrase = plants.plant("passphrase beside defaults", "secret");
  const ended = await install(
    admin,
    "/api/v1/instances",
    { ...SPEAKER, name: `defaults-${randomBytes(4).toString("hex")}`, owner: world.accounts.owner.name, parameters: { public: { behave: "leak" }, secret: { passphrase } } },
    { word: "", remark, passphrase },
  );
  expectState("an install with defaults", ended.install, "done");
  await expectArrived(world, ended, "remark");
  await admin.call("PATCH", "/api/v1/cluster/parameters", anything, { private: { remark: null } });
}

async function rotateKeys(world: World, rig: Rig, { objects, reinstalled }: Played, ledger: Ledger): Promise<void> {
  const admin = world.as("administrator");
  const hanging = await hang(world, objects.instance, "new keys");
  await lookMeanwhile(world, ledger, { ...objects, install: hanging.installId, job: String(hanging.jobId) }, ROLES);
  await rig.slipway("keys", "rotate");
  await cancel(world, hanging);
  // What was encrypted with the key of before is the instance's own still.
  const passphrase = world.plants.plant("passphrase after new keys", "secret");
  const again = await install(admin, `/api/v1/instances/${objects.instance}/reinstall`, { parameters: { public: { behave: "leak" }, secret: { passphrase } } }, { word: "", remark: reinstalled.remark, passphrase });
  expectState("a reinstall after new keys", again.install, "done");
  await expectArrived(world, again, "remark");
}

async function killAgent(world: World, rig: Rig, name: string): Promise<void> {
  const hanging = await hang(world, name, "an agent killed");
  process.kill(rig.pids().agent, "SIGKILL");
  await rig.up();
  expectState("the install of an agent that was killed", await world.as("administrator").follow(hanging.installId), "failed");
}

/** Its guest goes on, and gets its values from the controller; what it says is left out again, also what it was started with and isn't stored any more. */
async function killAgentOfRunning(world: World, rig: Rig, { objects, running: { talker, remark } }: Played, ledger: Ledger): Promise<void> {
  await talker.idle();
  const userData = { first: world.plants.plant("user data before an agent is killed", "private"), second: world.plants.plant("user data after an agent was killed", "private") };
  await talker.modify({ userData: userData.first });
  await talker.reboot();
  await killAgain();
  expectServed(await talker.ask(), userData.first);
  await talker.leak();
  await talker.hear(remark);
  await talker.modify({ userData: userData.second });
  await killAgain();
  // Its first user data are nobody's any more, and it has them: nothing that it says is kept.
  const said = await talker.leakUntilClosed();
  if (said.some(({ author }) => author === "guest")) throw new Error("what a guest says is kept, and it has values that nobody knows any more");
  expectServed(await talker.reboot(), userData.second);
  await talker.leak();

  async function killAgain(): Promise<void> {
    process.kill(rig.pids().agent, "SIGKILL");
    await rig.up();
    await talker.idle();
    await lookMeanwhile(world, ledger, { ...objects, instance: talker.name }, ROLES);
  }

  function expectServed(lines: readonly string[], data: string): void {
    for (const line of [`served remark private ${digestOf(remark)}`, `served user-data ${digestOf(data)}`]) if (!lines.includes(line)) throw new Error(`after its agent was killed the guest isn't served what it should be: it hasn't said "${line}"`);
  }
}

/** The agent is stopped, so that the order can't reach it: the controller alone has the values when it is killed. */
async function killController(world: World, rig: Rig, name: string): Promise<void> {
  const admin = world.as("administrator");
  const planted = plantAll(world, "a controller killed");
  const { agent, controller } = rig.pids();
  process.kill(agent, "SIGSTOP");
  let accepted: z.infer<typeof acceptedSchema>;
  try {
    accepted = await admin.call("POST", `/api/v1/instances/${name}/reinstall`, acceptedSchema, { parameters: parametersOf("hang", planted) });
    process.kill(controller, "SIGKILL");
  } finally {
    process.kill(agent, "SIGCONT");
  }
  await rig.up();
  await world.listen();
  const { state, error } = await admin.follow(accepted.installId);
  if (state !== "failed" || error?.code !== "process_lost" || !error.message.includes("passphrase")) {
    throw new Error(`a job whose secrets are gone has to fail and name them; this one is ${state}: ${error?.message ?? "no error"}`);
  }
}

async function killFollower(world: World, rig: Rig, name: string): Promise<void> {
  const hanging = await hang(world, name, "a controller killed later");
  process.kill(rig.pids().controller, "SIGKILL");
  await rig.up();
  await world.listen();
  await cancel(world, hanging);
}

/** Uploaded by an owner: its `verify` and its `create` say what they know. */
async function bringDefinition(world: World, { objects }: Played): Promise<Objects> {
  const owner = world.as("owner");
  const admin = world.as("administrator");
  const definition = `brought-${randomBytes(4).toString("hex")}`;
  const archive = { type: "application/gzip", content: await archiveWithVerify() };
  for (const path of [`/api/v1/os-definition-checks?name=${definition}`, `/api/v1/os-definitions/${definition}/versions`]) {
    const { status, everything } = await owner.sendRaw("POST", path, archive);
    if (status >= 300) throw new Error(`${path}: ${everything}`);
  }
  const broken = await owner.sendRaw("POST", `/api/v1/os-definitions/${definition}/versions`, { ...archive, content: archive.content.subarray(0, 300) });
  if (broken.status < 400 || broken.status >= 500) throw new Error(`half an archive is answered with ${broken.status}`);

  const name = `brought-${randomBytes(4).toString("hex")}`;
  const body = { ...SPEAKER, osType: `${definition}+default`, name, owner: world.accounts.owner.name };
  const one = plantAll(world, "a definition of one's own");
  const created = await install(admin, "/api/v1/instances", { ...body, parameters: parametersOf("leak", one) }, one);
  expectState("an install from a definition of one's own", created.install, "done");
  await expectArrived(world, created, "remark");
  await expectVerified(world, created);

  const { digest } = await admin.call("GET", `/api/v1/os-definitions/${definition}`, z.object({ digest: z.string() }));
  await admin.call("POST", `/api/v1/os-definitions/${definition}/trust`, z.unknown(), { trusted: true, digest, reason: "read by the canary's keeper" });
  await admin.call("POST", `/api/v1/os-definitions/${definition}/trust`, z.unknown(), { trusted: false, reason: "read once more" });

  const two: Planted = { ...plantAll(world, "parameters that verify refuses"), word: "refuse" };
  const refused = await install(owner, `/api/v1/instances/${name}/reinstall`, { parameters: parametersOf("leak", two) }, two);
  expectState("an install whose parameters are refused", refused.install, "failed");
  return { ...objects, definition, instance: name, install: refused.installId, job: String(refused.jobId) };
}

async function archiveWithVerify(): Promise<Uint8Array<ArrayBuffer>> {
  const folder = mkdtempSync(path.join(tmpdir(), "definition-"));
  try {
    const content = path.join(folder, "content");
    mkdirSync(content);
    for (const part of ["speaker", "with-verify"]) cpSync(path.join(definitions, part), content, { recursive: true });
    const file = path.join(folder, "definition.tar.gz");
    await runOrFail("tar", ["--create", "--gzip", "--file", file, "--directory", content, "."], { timeoutMs: 30_000 });
    return new Uint8Array(readFileSync(file));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A reinstall by the owner, until its script hangs. */
async function hang(world: World, name: string, step: string): Promise<Ended> {
  const planted = plantAll(world, step);
  const hanging = await install(world.as("owner"), `/api/v1/instances/${name}/reinstall`, { parameters: parametersOf("hang", planted) }, planted, hangs(world.as("owner")));
  expectState("an install that hangs", hanging.install, "installing");
  return hanging;
}

async function cancel(world: World, { jobId, installId }: Ended): Promise<void> {
  await world.as("owner").send("POST", `/api/v1/jobs/${jobId}/cancel`);
  expectState("an install that is cancelled", await world.as("owner").follow(installId), "cancelled");
}

async function expectArrived(world: World, ended: Ended, name: "remark" | "passphrase"): Promise<void> {
  const line = `arrived ${name} ${createHash("sha256").update(ended[name]).digest("hex")}`;
  const log = await world.as("administrator").log(ended.installId);
  if (!log.some(({ text }) => text === line)) throw new Error(`the script didn't get the ${name} that it should have`);
}

/** What `verify` said is in the log, without the values. */
async function expectVerified(world: World, { installId }: Ended): Promise<void> {
  const said = (await world.as("administrator").log(installId)).filter(({ step, text }) => step === "verify" && text?.startsWith("plain ") === true);
  if (said.length !== 2 || !said.every(({ text }) => text?.includes("<redacted>") === true)) throw new Error("verify should have said two values, and both should have been replaced");
}
