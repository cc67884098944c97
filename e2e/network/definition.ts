import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { exampleOrder, type ScriptOrder } from "#agent/testing/orders.ts";
import type { AgentClient } from "#lib/agent-protocol/client.ts";
import type { NetworkTestPlace } from "#scripts/test/require-network.ts";
import { runOrFail } from "#scripts/process/run.ts";

const TAR_MS = 10_000;

export interface SmallDefinition {
  /** Shell, in the appliance. */
  readonly create: string;
  readonly verify?: string;
  /** A file that the scripts find as the definition's image. */
  readonly image?: string;
  readonly bootMarker?: string;
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
  const folder = await mkdtemp(path.join(place.scratch, "definition-"));
  const scripts = path.join(folder, "scripts");
  const archive = path.join(folder, "scripts.tar");
  await mkdir(scripts);
  await writeFile(path.join(scripts, "create"), `#!/bin/sh\n${definition.create}\n`, { mode: 0o755 });
  if (definition.verify !== undefined) await writeFile(path.join(scripts, "verify"), `#!/bin/sh\n${definition.verify}\n`, { mode: 0o755 });
  await runOrFail("tar", ["--create", "--file", archive, "--owner=0", "--group=0", "--directory", scripts, "."], { cwd: "/", timeoutMs: TAR_MS });
  const put = (file: string): Promise<string> => putFile(client, file);
  const [kernelDigest, initrdDigest, untrustedDigest, imageDigest] = await Promise.all([
    put(path.join(place.appliance, "kernel")),
    put(path.join(place.appliance, "initrd")),
    put(archive),
    definition.image === undefined ? null : put(definition.image),
  ]);
  await rm(folder, { recursive: true });
  const { os } = exampleOrder();
  return {
    appliance: { kernelDigest, initrdDigest, rootDigest: null, contract: 2 },
    os: { ...os, untrustedDigest, imageDigest, verify: definition.verify !== undefined, bootMarker: definition.bootMarker ?? null },
  };
}
