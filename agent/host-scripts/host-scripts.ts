import type { Readable } from "node:stream";
import type { PlannedScript } from "#lib/domain/install-plan.ts";
import type { Sealed } from "#lib/domain/visibility.ts";

/** Variables of a script: those of private and secret parameters are opened at the last moment, on their way to the helper. */
export type HostEnvironment = ReadonlyMap<string, string | Sealed<string>>;

export interface HostScriptRun {
  readonly installId: string;
  /** The definition's whole folder as one tar, a blob's path. */
  readonly tar: string;
  readonly script: PlannedScript;
  /** As build-environment.ts has it. */
  readonly environment: HostEnvironment;
  /** Files on this node, by the disk's index in the environment. `export` gets them to read, any other script to write. */
  readonly diskPaths: readonly string[];
  /** The definition's read-only image, a blob's path. */
  readonly imagePath?: string | null;
  /** Of the socket on which the script and the guest talk (agent/channel/host-pipe.ts); null: there is no guest. */
  readonly pipePath: string | null;
  /** What the script reads; nothing where it is left out. */
  readonly stdin?: Readable | null;
  /** A line of its output, without its line feed and not scrubbed; `cut`: bytes at its end that were left out. */
  readonly onLine: (line: Buffer, cut: number) => void;
  /** Given: stdout comes here as it is, and only stderr as lines. Nothing more is read until it has resolved. */
  readonly onOutput?: (bytes: Buffer) => Promise<void>;
  /** Once aborted, the script is killed with everything that it has started; `run` rejects when nothing of it is left. */
  readonly signal: AbortSignal;
  /** Seconds; the helper kills it then, whatever becomes of the agent. Left out: what the administrator's file says. */
  readonly seconds?: number;
}

/** Trusted scripts on this node itself (design: install, "trusted scripts run as root … in a cgroup and a mount namespace of their own"). */
export interface HostScripts {
  /** Whether this node's administrator lets them run, and the helper can hold them. */
  readonly available: boolean;
  /**
   * Runs one to its end.
   *
   * @returns its exit status; 128 and the signal's number where it was killed by one
   * @throws SlipwayError `unsupported` where this node runs none, `conflict` where too many run, `internal` where it couldn't be started
   *   or the helper has gone, the signal's reason where that was aborted
   */
  run(run: HostScriptRun): Promise<{ readonly exitStatus: number }>;
}

/** Where a script finds its things (helper/README.md, "Scripts"). */
export const SCRIPT_PLACES = {
  pipe: "/run/slipway/pipe.sock",
  image: "/run/slipway/image",
  disk: (index: number): string => `/run/slipway/disks/${String(index)}`,
} as const;
