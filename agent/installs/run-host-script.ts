import { join } from "node:path";
import { PassThrough } from "node:stream";
import { SlipwayError } from "#lib/domain/errors.ts";
import { buildHostEnvironment } from "../host-scripts/build-environment.ts";
import { HostVoice } from "./host-voice.ts";
import type { Install } from "./install.ts";
import { runsIn } from "./order-facts.ts";
import type { Prepared } from "./prepared.ts";
import { describeLastWords } from "./run-appliance.ts";
import { openImportFile, takeExportFile } from "./script-streams.ts";
import type { WorkDisk } from "./work-disks.ts";

/**
 * Runs the definition's trusted script on this node (design: install, "trusted scripts run as root"): once, or for import and export
 * once for each disk, as Ganeti does. Resolves when it has ended with 0; its exit status is its report.
 *
 * @param pipePath of the socket that joins it to the guest; null: no guest takes part
 */
export async function runHostScript(install: Install, prepared: Prepared, pipePath: string | null, signal: AbortSignal): Promise<void> {
  const { order, progress, log } = install;
  // Beside the appliance, that says where the install is.
  if (!runsIn(order, "appliance")) {
    progress.begin("host");
    log.state();
  }
  const voice = new HostVoice(install);
  // What an import reads and an export writes goes through the appliance where there is one.
  const isStreamed = (order.operation === "import" || order.operation === "export") && !runsIn(order, "appliance");
  let exitStatus = 0;
  try {
    for (const disk of isStreamed ? prepared.disks : [null]) {
      exitStatus = await runOnce(install, prepared, { pipePath, voice, signal, disk });
      if (exitStatus !== 0) break;
    }
  } finally {
    await voice.end();
  }
  if (exitStatus !== 0) throw new SlipwayError("script_failed", `The script on the host ended with exit status ${String(exitStatus)}.${describeLastWords(voice.lastWords)}`);
}

interface Once {
  readonly pipePath: string | null;
  readonly voice: HostVoice;
  readonly signal: AbortSignal;
  /** The one disk that is imported or exported; null: the script is none of these. */
  readonly disk: WorkDisk | null;
}

/** Returns its exit status. */
async function runOnce(install: Install, { disks }: Prepared, { pipePath, voice, signal, disk }: Once): Promise<number> {
  const { order, context, instance } = install;
  const { os } = order;
  if (os?.hostDigest === undefined || os.hostDigest === null) throw new SlipwayError("invalid", "The order names no folder of the definition.", { field: "os.hostDigest" });
  const input = disk === null || order.operation !== "import" ? null : await openImportFile(install, disk.index);
  const output = disk === null || order.operation !== "export" ? null : takeOutput(install, disk.index);
  try {
    const { exitStatus } = await context.hostScripts.run({
      installId: install.id,
      tar: context.blobs.path(os.hostDigest),
      script: os.script,
      environment: buildHostEnvironment({ order, script: os.script, disks: disks.map(({ index }) => index), disk: disk?.index ?? null, hasPipe: pipePath !== null }),
      diskPaths: disks.map(({ file }) => join(instance.folder, file)),
      imagePath: os.imageDigest === null ? null : context.blobs.path(os.imageDigest),
      pipePath,
      stdin: input?.stream ?? null,
      onLine: voice.say,
      ...(output === null ? {} : { onOutput: output.write }),
      signal,
      // Beside the signal: the helper keeps to it when this agent is gone.
      ...(order.timeoutSeconds === null ? {} : { seconds: order.timeoutSeconds }),
    });
    if (exitStatus === 0) await output?.end();
    else await output?.abandon();
    return exitStatus;
  } catch (error) {
    await output?.abandon();
    throw error;
  } finally {
    input?.stream.destroy();
  }
}

interface Output {
  readonly write: (bytes: Buffer) => Promise<void>;
  /** All of it was written. Rejects where it can't be kept. */
  readonly end: () => Promise<void>;
  /** Nothing of it counts. Never rejects. */
  readonly abandon: () => Promise<void>;
}

/** What an export script writes to its standard output, on its way to the node's exports. */
function takeOutput(install: Install, index: number): Output {
  const stream = new PassThrough();
  // Who reads it hears of an error by reading; afterwards nobody needs to.
  stream.on("error", () => undefined);
  let failure: Error | null = null;
  const taken = takeExportFile(install, index, stream).catch((error: unknown) => {
    failure = error instanceof Error ? error : new Error("an export can't be kept", { cause: error });
    stream.destroy();
  });
  return {
    write: async (bytes) => {
      if (failure !== null) throw failure;
      if (!stream.write(bytes)) await Promise.race([untilDrained(stream), taken]);
    },
    end: async () => {
      stream.end();
      await taken;
      if (failure !== null) throw failure;
    },
    abandon: async () => {
      stream.destroy(new Error("the script has failed"));
      await taken;
    },
  };
}

function untilDrained(stream: PassThrough): Promise<void> {
  return new Promise((resolve) => {
    stream.once("drain", resolve);
    stream.once("close", resolve);
  });
}
