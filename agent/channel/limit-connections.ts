import type { Logger } from "pino";
import type { RunningGuest } from "../hypervisor/hypervisor.ts";

/** Connections that a guest may have on this node, those included that the metadata service has refused. */
const MOST = 32;
/** No more often than this is looked at what a guest has; milliseconds. */
const LOOK_MS = 200;

export interface ConnectionsOfGuest {
  readonly guest: () => Pick<RunningGuest, "endConnectionsBeyond"> | null;
  /** Says something in the guest's log. */
  readonly onNotice: (text: string) => void;
  readonly log: Logger;
}

/**
 * To be called for each connection that the metadata service refuses. The guest may hold its end of those for as long as it likes,
 * and each is a process here: those beyond what any guest needs are ended (design: "The guest is hostile").
 */
export function limitConnections({ guest, onNotice, log }: ConnectionsOfGuest): () => void {
  let isBusy = false;
  let hasTold = false;
  async function look(): Promise<void> {
    const ended = (await guest()?.endConnectionsBeyond(MOST)) ?? 0;
    if (ended === 0 || hasTold) return;
    hasTold = true;
    onNotice(`The guest opened more than ${String(MOST)} connections at once; those beyond are ended.`);
  }
  return () => {
    if (isBusy) return;
    isBusy = true;
    setTimeout(() => {
      look()
        .catch((error: unknown) => {
          log.warn({ err: error }, "a guest's connections can't be ended");
        })
        .finally(() => {
          isBusy = false;
        });
    }, LOOK_MS);
  };
}
