import type { GuestData } from "#lib/agent-protocol/messages.ts";
import type { GuestLine } from "#lib/domain/guest-lines.ts";
import type { ReportingInstall } from "../metadata/documents.ts";

/**
 * What the channel of a running system is more while its install ends by the system's own report (design: install, "first boot"): secrets
 * are served, what it says is part of the install, and its report counts.
 */
export interface FirstBootChannel {
  /** Parameters of every class, in memory alone. */
  readonly guestData: GuestData;
  readonly install: ReportingInstall;
  readonly onLine: (line: GuestLine) => void;
  readonly onContact: () => void;
  /** It has reported, with the install's token. */
  readonly onReport: (exitStatus: number) => void;
}
