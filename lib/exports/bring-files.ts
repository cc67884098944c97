import { Readable } from "node:stream";
import type { AgentClient } from "#lib/agent-protocol/client.ts";
import { agentCodeOf } from "#lib/agent-protocol/client.ts";
import type { ExportFile } from "#lib/agent-protocol/messages.ts";
import type { Services } from "#lib/context/context.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import { addTask, TASKS } from "#lib/jobs/add-task.ts";
import { holdJob } from "#lib/jobs/end-job.ts";
import { logJob } from "#lib/jobs/log-job.ts";

export interface FilesToBring {
  /** The job of the import: its end ends this. */
  readonly jobId: number;
  readonly exportId: string;
  /** To which they are brought. */
  readonly nodeId: string;
  readonly files: readonly ExportFile[];
}

/**
 * Brings the files of an export to the node on which it is imported, from the one that keeps it, through this process and never whole in
 * its memory. The taking node checks each digest and keeps whole files alone, so that after an interruption only what is missing is
 * sent. A cancellation ends it, and what was brought until then goes (tidy-import.ts).
 *
 * @throws SlipwayError `unknown_object` where the export or a file of it is gone, `cancelled`, `node_unreachable`, `node_refused`
 */
export async function bringExportFiles(services: Services, { jobId, exportId, nodeId, files }: FilesToBring, signal: AbortSignal): Promise<void> {
  const { db, agents, feed } = services;
  const row = await db.instanceExport.findUnique({ where: { id: exportId }, select: { nodeId: true, node: { select: { name: true } } } });
  if (row === null) throw new SlipwayError("unknown_object", `There is no export ${exportId} any more.`, { field: "export" });
  if (row.nodeId === nodeId) return;
  const [from, to] = await Promise.all([agents.client(row.nodeId), agents.client(nodeId)]);
  const cancelled = new AbortController();
  const stop = feed.onEvent(({ payload }) => {
    if (payload.type === "job.changed" && payload.jobId === jobId && payload.status !== "queued" && payload.status !== "running") cancelled.abort();
  });
  const either = AbortSignal.any([cancelled.signal, signal]);
  // Nobody says again what was said before there was anybody to hear it.
  if ((await db.job.count({ where: { id: jobId, status: "running" } })) === 0) cancelled.abort();
  try {
    either.throwIfAborted();
    // One after the other: a disk of a node and a connection are what each is limited by.
    for (const file of files) {
      if (await hasFile(to, exportId, file, either)) continue;
      await db.$transaction(async (tx) => {
        if ((await holdJob(tx, jobId)) !== null) await logJob(tx, jobId, 0, `* bringing ${file.name} of the export from node ${row.node.name}...`);
      });
      await send(from, to, { exportId, file }, either);
    }
  } catch (error) {
    if (!cancelled.signal.aborted) throw error;
    throw new SlipwayError("cancelled", "The import was cancelled while its files were brought.", { cause: error });
  } finally {
    stop();
    // Who tidied up at the job's end may have been there before the last file.
    const { endedAt } = await db.job.findUniqueOrThrow({ where: { id: jobId }, select: { endedAt: true } });
    if (endedAt !== null) await addTask(db, { task: TASKS.tidy, jobId });
  }
}

/** A file that a node shows is whole, and had its digest when it was taken in. */
async function hasFile(agent: AgentClient, exportId: string, { name, bytes }: ExportFile, signal: AbortSignal): Promise<boolean> {
  const asking = new AbortController();
  try {
    const { length } = await agent.readExportFile(exportId, name, AbortSignal.any([asking.signal, signal]));
    return length === bytes;
  } catch (error) {
    if (agentCodeOf(error) === "unknown_object") return false;
    throw error;
  } finally {
    // Its head was enough.
    asking.abort();
  }
}

async function send(from: AgentClient, to: AgentClient, { exportId, file }: { readonly exportId: string; readonly file: ExportFile }, signal: AbortSignal): Promise<void> {
  const reading = new AbortController();
  const source = await from.readExportFile(exportId, file.name, AbortSignal.any([reading.signal, signal]));
  try {
    if (source.length !== file.bytes) throw new SlipwayError("conflict", `File ${file.name} of export ${exportId} has another length than when it was made.`, { field: "export" });
    await to.putExportFile(exportId, file, Readable.from(source.bytes), signal);
  } finally {
    reading.abort();
  }
}
