import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** A command line or an environment, once however often it was read. */
export interface SampledText {
  readonly part: "command line" | "environment";
  readonly program: string;
  readonly content: Uint8Array;
}

/** What was read of the processes of this machine. */
export interface ProcessSamples {
  readonly rounds: number;
  /** How often a process was looked at. */
  readonly reads: number;
  readonly processes: number;
  /** Those of them that ended before they could be read, or belong to somebody else. */
  readonly unreadable: number;
  readonly texts: readonly SampledText[];
  /** Programs of the stack that may write a core dump. */
  readonly mayDump: readonly string[];
}

export interface ProcessSampler {
  /** Resolves when everything that runs now has been read. */
  look(): Promise<void>;
  stop(): Promise<ProcessSamples>;
}

/**
 * Reads the command lines and environments of all processes from now on, hundreds of times a second, beside everything else.
 *
 * @param home SLIPWAY_HOME of the stack that is looked at
 */
export async function startSampler(home: string): Promise<ProcessSampler> {
  const worker = new Worker(new URL("./sampler-worker.ts", import.meta.url), { execArgv: [], workerData: home });
  const broken = once(worker, "error").then(([error]) => {
    throw error instanceof Error ? error : new Error("the sampler of processes has ended");
  });
  // Whoever waits hears of it; nobody may.
  broken.catch(() => undefined);
  const answer = async (message: "look" | "stop"): Promise<unknown> => {
    worker.postMessage(message);
    const got: unknown = (await Promise.race([once(worker, "message"), broken]))[0];
    return got;
  };
  const look = async (): Promise<void> => {
    await answer("look");
  };
  await look();
  return {
    look,
    // The worker, a file of ours, sends this last.
    stop: async () => (await answer("stop")) as ProcessSamples,
  };
}
