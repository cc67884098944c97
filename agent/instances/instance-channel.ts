import type { GuestData, InstanceSpec } from "#lib/agent-protocol/messages.ts";
import { RUNNING_GUEST_LIMITS, type GuestLine } from "#lib/domain/guest-lines.ts";
import { ScrubPatterns } from "#lib/domain/scrub.ts";
import { GuestEar } from "../channel/guest-ear.ts";
import { type LineGatherer, type NewLine, noticeLine } from "../logs/line-gatherer.ts";
import { buildInstanceTree } from "../metadata/build-trees.ts";
import type { MetadataContent, MetadataTree } from "../metadata/metadata-content.ts";
import { ReadPipe } from "../metadata/read-pipe.ts";
import { WritePipe } from "../metadata/write-pipe.ts";
import type { FirstBootChannel } from "./first-boot-channel.ts";

export interface InstanceChannelOptions {
  /** What the guest was started with. */
  readonly spec: InstanceSpec;
  /** The node's name. */
  readonly node: string;
  /** Null: an agent that was restarted hasn't got them yet. */
  readonly guestData: GuestData | null;
  /** What must not be shown of what the guest says; null: not known, and nothing of it is shown. */
  readonly patterns: ScrubPatterns | null;
  readonly log: LineGatherer;
  readonly onRefused: () => void;
  /** While the install of this system isn't over; left out: it is. */
  readonly firstBoot?: FirstBootChannel | null;
}

/** What a running guest finds and says over its channel (design: metadata, "On during an install …; in normal running unless …"). */
export class InstanceChannel {
  readonly #options: InstanceChannelOptions;
  readonly #read = new ReadPipe(RUNNING_GUEST_LIMITS);
  readonly ear: GuestEar;
  readonly content: MetadataContent;
  #tree: MetadataTree;
  #write: WritePipe;
  #patterns: ScrubPatterns | null;
  #hasGuestData: boolean;
  #guestData: GuestData | null;
  #firstBoot: FirstBootChannel | null;
  #tellComplete: () => void = () => undefined;
  #hasToldClosed = false;

  constructor(options: InstanceChannelOptions) {
    const { log, guestData, patterns, spec, onRefused, firstBoot = null } = options;
    this.#options = options;
    this.#firstBoot = firstBoot;
    this.#guestData = guestData;
    const isComplete = new Promise<void>((resolve) => {
      this.#tellComplete = resolve;
    });
    this.#patterns = patterns;
    this.#hasGuestData = guestData !== null;
    this.#tree = this.#makeTree();
    this.#write = this.#makeWrite();
    this.ear = new GuestEar({
      read: this.#read,
      patterns: () => this.#patterns,
      step: () => null,
      onLine: (line) => {
        log.add(line);
      },
    });
    const tree = (): MetadataTree => this.#tree;
    const write = (): WritePipe => this.#write;
    this.content = {
      get tree() {
        return tree();
      },
      get write() {
        return write();
      },
      read: this.#read,
      requireTokens: spec.requireTokens,
      isComplete,
      streams: null,
      onContact: () => this.#firstBoot?.onContact(),
      onRefused,
      onNotice: (text) => {
        log.add(noticeLine(text));
      },
    };
  }

  /** Whether its private values are still to come. */
  get wantsGuestData(): boolean {
    return !this.#hasGuestData;
  }

  setGuestData(guestData: GuestData): void {
    this.#hasGuestData = true;
    this.#guestData = guestData;
    this.#tree = this.#makeTree();
    this.#tellComplete();
  }

  /** From here on these values are left out. What is taken of requests that are under way is scrubbed by those from before. */
  setPatterns(patterns: ScrubPatterns | null): void {
    this.#write.end();
    this.#patterns = patterns;
    this.#write = this.#makeWrite();
  }

  /** The install of this system is over: no secret is served from here on, and no report counts. */
  endFirstBoot(): void {
    this.#firstBoot = null;
    this.#tree = this.#makeTree();
    this.#write.end();
    this.#write = this.#makeWrite();
  }

  /** The guest is gone: tells what is held back, and lets go of every value. */
  end(): void {
    this.#write.end();
    this.#firstBoot = null;
    this.#patterns = null;
    this.#guestData = null;
    this.#tree = this.#makeTree();
    // Nobody asks any more; whoever was held goes.
    this.#tellComplete();
  }

  #makeTree(): MetadataTree {
    const { spec, node } = this.#options;
    if (this.#firstBoot === null) return buildInstanceTree({ spec, node, guestData: this.#guestData });
    return buildInstanceTree({ spec, node, guestData: this.#firstBoot.guestData, install: this.#firstBoot.install });
  }

  #makeWrite(): WritePipe {
    const isKnown = this.#patterns !== null;
    const firstBoot = this.#firstBoot;
    const events = {
      onLine: (line: GuestLine): void => {
        if (isKnown && firstBoot !== null) firstBoot.onLine(line);
        else if (isKnown) this.#options.log.add(toLine(line));
        else this.#tellClosed();
      },
      onNotice: (text: string): void => {
        this.#options.log.add(noticeLine(text));
      },
      onResult: (exitStatus: number): void => firstBoot?.onReport(exitStatus),
    };
    // Without an install nothing that it runs is reported to the agent: no token is right.
    return new WritePipe(this.#patterns ?? new ScrubPatterns([]), firstBoot?.install.token ?? null, events, RUNNING_GUEST_LIMITS);
  }

  #tellClosed(): void {
    if (this.#hasToldClosed) return;
    this.#hasToldClosed = true;
    this.#options.log.add(noticeLine("The agent was restarted and no longer has the values to be left out: what the guest says isn't kept until it has them again."));
  }
}

function toLine(line: GuestLine): NewLine {
  return line.kind === "log"
    ? { kind: "log", author: "guest", text: line.text, step: null, percent: null }
    : { kind: "progress", author: "guest", text: line.message, step: line.step, percent: line.percent };
}
