import type { InstallState } from "./install-states.ts";
import type { InstallEntryView } from "./views.ts";

/**
 * What the event stream tells browsers and scripts. Small on purpose: a change says what changed, and a client reads the
 * object again where it shows more than stands here. Install entries are the exception, because they are the picture.
 */
export type FeedPayload =
  | { readonly type: "instance.changed"; readonly name: string }
  | { readonly type: "instance.deleted"; readonly name: string }
  | { readonly type: "job.changed"; readonly jobId: number; readonly status: string; readonly instanceName: string | null }
  | {
      readonly type: "install.progress";
      readonly installId: string;
      readonly instanceName: string;
      readonly state: InstallState;
      readonly percent: number | null;
      readonly step: string | null;
      /** Entries of the log that are new; the stream has them where it is asked for that install, the table always. */
      readonly firstSeq: number | null;
      readonly lastSeq: number | null;
    }
  /** New lines of a running instance's channel: `lastId` is the newest one's. */
  | { readonly type: "instance.lines"; readonly name: string; readonly lastId: string }
  | { readonly type: "node.changed"; readonly name: string }
  | { readonly type: "network.changed"; readonly name: string }
  | { readonly type: "os.changed"; readonly name: string }
  | { readonly type: "cluster.changed" }
  /** Never stored: what a client asked to take up again is no longer there, and it reads everything again. */
  | { readonly type: "feed.reset" };

export interface FeedEvent {
  /** Sequence number in the cluster, as a decimal string: what `Last-Event-ID` takes up again. */
  readonly id: string;
  readonly at: string;
  readonly payload: FeedPayload;
  /** For `install.progress` of an install that the stream was asked for. */
  readonly entries: readonly InstallEntryView[] | null;
}
