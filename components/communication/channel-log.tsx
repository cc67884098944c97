"use client";

import { useLayoutEffect, useRef, useState } from "react";
import { formatClock, formatExact } from "#components/format.ts";
import { Words } from "#components/install/log-content.tsx";
import { Button } from "#components/ui/button.tsx";
import { classes } from "#components/ui/classes.ts";
import type { ChannelPart } from "./channel-window.ts";
import { SendLine } from "./send-line.tsx";
import { useChannel } from "./use-channel.ts";

/** Pixels from the end within which one counts as being there. */
const AT_END = 24;

/** What was said over an instance's channel, as it comes in, and a line to say. It follows until one scrolls up. */
export function ChannelLog({ instance, initial, why }: { readonly instance: string; readonly initial: ChannelPart; readonly why: string | null }) {
  const channel = useChannel(instance, initial);
  const box = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(true);
  const [loading, setLoading] = useState(false);
  const { lines } = channel;

  useLayoutEffect(() => {
    const element = box.current;
    if (element !== null && following) element.scrollTop = element.scrollHeight;
  }, [lines, following]);

  // Lines that come in above must not move those that are being read.
  const fromEnd = useRef<number | null>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || fromEnd.current === null) return;
    element.scrollTop = element.scrollHeight - fromEnd.current;
    fromEnd.current = null;
  }, [lines]);

  const loadEarlier = async (): Promise<void> => {
    setFollowing(false);
    setLoading(true);
    const element = box.current;
    if (element !== null) fromEnd.current = element.scrollHeight - element.scrollTop;
    await channel.loadEarlier();
    setLoading(false);
  };
  const onScroll = (): void => {
    const element = box.current;
    if (element !== null) setFollowing(element.scrollHeight - element.scrollTop - element.clientHeight < AT_END);
  };
  return (
    <section aria-label="Channel" className="flex min-w-0 flex-col overflow-hidden rounded-md border border-line bg-panel">
      <header className="flex flex-wrap justify-between gap-x-4 border-b border-line px-3 py-2 text-soft">
        <h2>Channel, last lines</h2>
        <span>{following ? "following" : "not following"} · scrubbed on the node</span>
      </header>
      <div
        ref={box}
        onScroll={onScroll}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label="Lines of the channel, times in UTC"
        className="h-80 overflow-y-auto bg-log p-3 font-mono text-small leading-[19px] -outline-offset-2 [overflow-anchor:none]"
      >
        {channel.earlier === null ? null : (
          <div className="mb-2 flex justify-center font-sans">
            <Button onClick={() => void loadEarlier()} disabled={loading}>
              Earlier lines
            </Button>
          </div>
        )}
        {lines.length === 0 ? <p className="text-soft">Nothing was said yet. What the guest writes to its channel stands here.</p> : null}
        {lines.map((line) => (
          <div key={line.id} className="flex gap-3">
            <time dateTime={line.at} title={formatExact(line.at)} className="shrink-0 text-faint select-none max-sm:hidden">
              {formatClock(line.at)}
            </time>
            <span className={classes("w-[20ch] shrink-0 wrap-anywhere max-md:w-[14ch] max-sm:w-[11ch]", line.author === "guest" ? "text-faint" : "text-soft")}>
              {line.author}
            </span>
            <span className="min-w-0 whitespace-pre-wrap wrap-anywhere">
              {line.kind === "message" ? <span className="text-soft">→ </span> : null}
              <Words said={line} />
            </span>
          </div>
        ))}
      </div>
      <SendLine instance={instance} to="the guest" why={why} />
    </section>
  );
}
