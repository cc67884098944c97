import type { Install, Prisma, Transaction } from "#lib/db/client.ts";
import type { ErrorCode } from "#lib/domain/errors.ts";
import type { FinalInstallState } from "#lib/domain/install-states.ts";
import type { NewEvent } from "#lib/events/append-events.ts";
import type { Keyring } from "#lib/context/context.ts";

export type InstallEnd =
  | { readonly state: "done" }
  | { readonly state: Exclude<FinalInstallState, "done">; readonly code: ErrorCode; readonly message: string; readonly step: string | null };

/** What has ended, as its record says it by now. */
export interface EndedInstall {
  readonly install: Install;
  readonly end: InstallEnd;
}

/** What the end of an install means for its instance: one file for each kind of job that is an install. */
export interface EndOfKind {
  /** Columns of the instance's row; nothing where it is as it was. */
  readonly instance: Prisma.InstanceUncheckedUpdateInput;
  /** What else is written after success, before the instance's row is changed. @returns what the feed is to say of it */
  readonly onDone: (tx: Transaction, keyring: Keyring) => Promise<NewEvent[]>;
  /** What the job answers after success, as Ganeti has it. @param node the instance's */
  readonly result: (node: string) => unknown;
}

/** The instance has a system that runs, or could. */
export function powerIs(running: boolean): { readonly adminState: "running" | "stopped"; readonly operState: "running" | "stopped" } {
  const power = running ? "running" : "stopped";
  return { adminState: power, operState: power };
}

/** What an install that came to nothing leaves: the instance as it was, or, where it wrote in place, nothing that could start. */
export function withoutSuccess({ install, end }: EndedInstall, before: { readonly installState: Install["state"] | null; readonly adminState: "running" | "stopped" }): Prisma.InstanceUncheckedUpdateInput {
  if (install.overwritten) return { installState: end.state, ...powerIs(false) };
  return { installState: before.installState, adminState: before.adminState };
}
