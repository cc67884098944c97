/** What happens to instances while values of every class are in play, and what is seen meanwhile. */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Ledger } from "#scripts/canary/ledger.ts";
import type { Client, Install } from "../client.ts";
import { expectState, install, lookMeanwhile, type Ended, type SealedRow } from "./one-install.ts";
import { plantAll, type Planted } from "./plant.ts";
import { NO_EXPORT, type Objects } from "./register.ts";
import { playRunning, type Running } from "./running-steps.ts";
import { playSources, type Sources } from "./source-steps.ts";
import { ROLES, type World } from "./world.ts";

export interface Played {
  readonly objects: Objects;
  readonly created: Ended;
  readonly failed: Ended;
  readonly reinstalled: Ended;
  readonly cancelled: Ended;
  readonly running: Running;
  readonly sources: Sources;
  /** Encrypted rows of the job that hung: what they held while it ran. */
  readonly privateRows: readonly SealedRow[];
}

export function parametersOf(behave: string, { word, remark, passphrase }: Planted) {
  return { public: { behave, word }, private: { remark }, secret: { passphrase } };
}

export const SPEAKER = { osType: "speaker+default", memoryMib: 128, disks: [{ sizeMib: 64 }] };

/** Whether the script of an install has said that it hangs. */
export function hangs(client: Client): (install: Install) => Promise<boolean> {
  return async ({ id }) => (await client.log(id)).some(({ text }) => text?.includes("hangs on purpose") === true);
}

/**
 * Created, failed, reinstalled by its owner, reinstalled over RAPI and cancelled while it runs, running with a channel, from a package, an image and a medium, refused: the part of the proof
 * that is quick enough for every run of the tests.
 */
export async function play(world: World, ledger: Ledger): Promise<Played> {
  const admin = world.as("administrator");
  const owner = world.as("owner");
  const name = `canary-${randomBytes(4).toString("hex")}`;
  const instance = { ...SPEAKER, name, owner: world.accounts.owner.name };

  const one = plantAll(world, "create");
  const userData = world.plants.plant("user data of an install", "private");
  const created = await install(admin, "/api/v1/instances", { ...instance, userData, parameters: parametersOf("leak", one) }, one);
  expectState("the creation", created.install, "done");

  const two = plantAll(world, "a failed create");
  const failed = await install(admin, "/api/v1/instances", { ...instance, name: `${name}-failed`, parameters: parametersOf("fail", two) }, two);
  expectState("the creation that fails", failed.install, "failed");

  const three = plantAll(world, "reinstall");
  const reinstalled = await install(owner, `/api/v1/instances/${name}/reinstall`, { parameters: parametersOf("leak", three) }, three);
  expectState("the reinstall", reinstalled.install, "done");

  const four = plantAll(world, "RAPI");
  const submitted = await admin.send("POST", `/2/instances/${name}/reinstall`, {
    osparams: { behave: "hang", word: four.word },
    osparams_private: { remark: four.remark },
    osparams_secret: { passphrase: four.passphrase },
  });
  const job = z.object({ id: z.number(), installId: z.string() }).parse((await admin.send("GET", `/api/v1/jobs/${String(submitted.json)}`)).json);
  expectState("the install that hangs", await admin.follow(job.installId, hangs(admin)), "installing");
  const objects: Objects = { instance: name, install: job.installId, job: String(job.id), node: world.stack.agents[0]?.node ?? "", definition: "speaker", export: NO_EXPORT };
  const privateRows = await lookMeanwhile(world, ledger, objects, ["administrator", "owner"]);
  await admin.send("POST", `/api/v1/jobs/${objects.job}/cancel`);
  const cancelled = { ...four, installId: job.installId, jobId: job.id, install: await admin.follow(job.installId) };
  expectState("the install that is cancelled", cancelled.install, "cancelled");

  const running = await playRunning(world);
  await lookMeanwhile(world, ledger, { ...objects, instance: running.talker.name, install: running.installId }, ROLES);
  await refuse(world, name);
  const sources = await playSources(world, ledger, objects);
  for (const { installId } of [created, failed, reinstalled, cancelled, ...sources.installs]) await owner.send("GET", `/api/v1/installs/${installId}/receipt`);
  return { running, sources, objects: { ...objects, export: sources.exportId, install: reinstalled.installId, job: String(reinstalled.jobId) }, created, failed, reinstalled, cancelled, privateRows };
}

/** Refused: a value in too low a class, a mask, names that aren't, a wrong type, what isn't JSON; over the API and over RAPI, by who may and who may not. */
export async function refuse(world: World, name: string): Promise<void> {
  const { plants } = world;
  const at = `/api/v1/instances/${name}/reinstall`;
  const bodies: readonly (readonly [path: string, body: unknown])[] = [
    [at, { parameters: { public: { passphrase: plants.plant("passphrase sent as public", "secret") } } }],
    [at, { parameters: { public: { remark: plants.plant("remark sent as public", "private") }, secret: { passphrase: plants.plant("passphrase beside it", "secret") } } }],
    [at, { parameters: { public: { [`x${"y".repeat(80)}`]: plants.plant("value of a name too long", "secret") }, secret: { passphrase: "<redacted>" } } }],
    [at, { parameters: { private: { unknown: plants.plant("value of an unknown parameter", "private") } } }],
    [at, { parameters: { secret: { passphrase: [plants.plant("value of a wrong type", "secret")] } } }],
    [at, { parameters: { secret: plants.plant("value in the place of a map", "secret") } }],
    [at, { parameters: { secret: { passphrase: `${plants.plant("value with a NUL", "secret")}\0` } } }],
    [at, { parameters: { secret: { passphrase: plants.plant("value too large", "secret").repeat(2_000) } } }],
    [at, { osType: "nosuch", parameters: { secret: { passphrase: plants.plant("value for an unknown OS", "secret") } } }],
    ["/api/v1/instances/nosuch/reinstall", { parameters: { secret: { passphrase: plants.plant("value for an unknown instance", "secret") } } }],
    ["/api/v1/instances", { ...SPEAKER, name, parameters: { secret: { passphrase: plants.plant("value for a name that is taken", "secret") } } }],
    ["/api/v1/nosuch", { parameters: { secret: { passphrase: plants.plant("value for an unknown route", "secret") } } }],
    [`/2/instances/${name}/reinstall`, { osparams: { passphrase: plants.plant("passphrase sent as public over RAPI", "secret") } }],
    ["/api/v1/instances", { ...SPEAKER, name: `${name}-refused`, userData: `${plants.plant("user data with a NUL", "private")}\0`, parameters: { secret: { passphrase: plants.plant("value beside user data that are refused", "secret") } } }],
    ["/api/v1/instances", { ...SPEAKER, name: `${name}-refused`, userData: plants.plant("user data too large", "private").repeat(500), parameters: {} }],
    [`/2/instances/${name}/reinstall`, { osparams_secret: { passphrase: { text: plants.plant("value of a wrong type over RAPI", "secret") } } }],
  ];
  for (const [path, body] of bodies) {
    const { status, json } = await world.as("administrator").send("POST", path, body);
    // Over RAPI what is wrong with a request can be told by a job that has failed, as Ganeti does it.
    const job = status === 200 ? (await world.as("administrator").send("GET", `/2/jobs/${String(json)}`)).json : null;
    if (z.object({ status: z.literal("error") }).safeParse(job).success) continue;
    if (status < 400 || status >= 500) throw new Error(`${path} with a body that can't be carried out is answered with ${status}`);
  }
  const mine = { parameters: { secret: { passphrase: plants.plant("value of who may not", "secret") } } };
  const ways: readonly (readonly [method: string, path: string, body: unknown])[] = [
    ["POST", at, mine],
    ["PATCH", `/api/v1/instances/${name}`, { userData: plants.plant("user data of who may not", "private") }],
    ["POST", `/api/v1/instances/${name}/channel`, { line: plants.plant("a line of who may not", "private") }],
  ];
  for (const role of ["another owner", "signed out"] as const) {
    for (const [method, path, body] of ways) {
      const { status } = await world.as(role).send(method, path, body);
      if (![401, 403, 404].includes(status)) throw new Error(`${role} may ${method} ${path}, which isn't theirs: ${status}`);
    }
  }
  for (const change of [{ userData: [plants.plant("user data of a wrong type", "private")] }, { userData: `${plants.plant("new user data with a NUL", "private")}\0` }, { userdata: plants.plant("value of an unknown field", "private") }]) {
    const { status } = await world.as("owner").send("PATCH", `/api/v1/instances/${name}`, change);
    if (status !== 400) throw new Error(`a modification that can't be is answered with ${status}`);
  }
  const broken = plants.plant("value in broken JSON", "secret").replaceAll('"', "");
  await world.as("administrator").sendRaw("POST", at, { type: "application/json", content: `{"parameters": {"secret": {"passphrase": "${broken}` });
  await world.as("administrator").sendRaw("POST", at, { type: "text/plain", content: plants.plant("value as plain text", "secret") });
  for (const role of ["administrator", "owner"] as const) await world.as(role).send("POST", `${at}/preview`, {});
}
