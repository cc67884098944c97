import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { exampleOrder, type ScriptOrder } from "#agent/testing/orders.ts";
import type { AgentClient } from "#lib/agent-protocol/client.ts";
import type { ApplianceRef } from "#lib/agent-protocol/messages.ts";
import type { NetworkTestPlace } from "#scripts/test/require-network.ts";
import { runOrFail } from "#scripts/process/run.ts";

const TAR_MS = 10_000;

export interface SmallDefinition {
  /** Shell, in the appliance. Left out: only the trusted half creates. */
  readonly create?: string;
  readonly verify?: string;
  /** The trusted half: bash, on the node itself. */
  readonly host?: string;
  /** A file that the scripts find as the definition's image. */
  readonly image?: string;
  readonly bootMarker?: string;
}

/** Brings the appliance to an agent, with its full userland where that is wanted. */
export async function prepareAppliance(client: AgentClient, place: NetworkTestPlace, { isFull }: { readonly isFull: boolean }): Promise<ApplianceRef> {
  const put = (name: string): Promise<string> => putFile(client, path.join(place.appliance, name));
  const [kernelDigest, initrdDigest, rootDigest] = await Promise.all([put("kernel"), put("initrd"), isFull ? put("root.squashfs") : null]);
  return { kernelDigest, initrdDigest, rootDigest, contract: 2 };
}

async function putFile(client: AgentClient, file: string): Promise<string> {
  const hash = createHash("sha256");
  // Without an encoding set, a file yields buffers.
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) hash.update(chunk);
  const digest = hash.digest("hex");
  if ((await client.missingBlobs([digest])).length > 0) await client.putBlob(digest, { length: (await stat(file)).size, bytes: createReadStream(file) });
  return digest;
}

/** Brings a definition of the test's own and the appliance to an agent, and makes an order's parts of them. */
export async function prepareDefinition(client: AgentClient, place: NetworkTestPlace, definition: SmallDefinition): Promise<Pick<ScriptOrder, "appliance" | "os">> {
  const { create, verify, host, image } = definition;
  const folder = await mkdtemp(path.join(place.scratch, "definition-"));
  const put = (file: string): Promise<string> => putFile(client, file);
  const untrusted = await packScripts(path.join(folder, "untrusted"), "sh", { create, verify });
  const trusted = await packScripts(path.join(folder, "trusted"), "bash", { create: host });
  const [appliance, untrustedDigest, hostDigest, imageDigest] = await Promise.all([
    prepareAppliance(client, place, { isFull: false }),
    untrusted === null ? null : put(untrusted),
    trusted === null ? null : put(trusted),
    image === undefined ? null : put(image),
  ]);
  await rm(folder, { recursive: true });
  const { os } = exampleOrder();
  const places = [...(create === undefined ? [] : (["appliance"] as const)), ...(host === undefined ? [] : (["host"] as const))];
  return {
    appliance,
    os: { ...os, untrustedDigest, hostDigest, imageDigest, places, verify: verify !== undefined, bootMarker: definition.bootMarker ?? null },
  };
}

/** @returns the archive of those scripts that there are; null: there are none. */
async function packScripts(folder: string, shell: string, scripts: Readonly<Record<string, string | undefined>>): Promise<string | null> {
  const given = Object.entries(scripts).flatMap(([name, body]) => (body === undefined ? [] : [{ name, body }]));
  if (given.length === 0) return null;
  await mkdir(folder);
  for (const { name, body } of given) await writeFile(path.join(folder, name), `#!/bin/${shell}\n${body}\n`, { mode: 0o755 });
  const archive = `${folder}.tar`;
  await runOrFail("tar", ["--create", "--file", archive, "--owner=0", "--group=0", "--directory", folder, "."], { cwd: "/", timeoutMs: TAR_MS });
  return archive;
}
