"use client";

import { useLayoutEffect, useRef, useState } from "react";
import { ArrowDown } from "lucide-react";
import { SendLine } from "#components/communication/send-line.tsx";
import { whyNotSentToAppliance } from "#components/communication/why-not.ts";
import { Button } from "#components/ui/button.tsx";
import { formatCount, plural } from "#components/format.ts";
import { endSeq, firstSeq, hasEarlier, hasLater } from "./log-window.ts";
import { LogLine } from "./log-line.tsx";
import type { InstallControl } from "./use-install.ts";

/** Pixels from the end within which one counts as being there. */
const AT_END = 24;

/** The log as it comes in. It follows until one scrolls up, and again from the end on. */
export function InstallLog({ install, active }: { readonly install: InstallControl; readonly active: boolean }) {
  const { log, following } = install;
  const box = useRef<HTMLDivElement>(null);
  const [loading, setLoading] = useState(false);
  const later = log.lastSeq - endSeq(log);

  useLayoutEffect(() => {
    const element = box.current;
    if (element !== null && following) element.scrollTop = element.scrollHeight;
  }, [log, following]);

  // Lines that come in above must not move those that are being read: the first one stays where it is.
  const anchor = useRef<{ readonly seq: number; readonly top: number } | null>(null);
  useLayoutEffect(() => {
    const element = box.current;
    const kept = anchor.current;
    if (element === null || kept === null || firstSeq(log) === kept.seq) return;
    anchor.current = null;
    element.scrollTop += topOf(element, kept.seq) - kept.top;
  }, [log]);

  const load = async (how: () => Promise<void>): Promise<void> => {
    setLoading(true);
    await how();
    setLoading(false);
  };
  const loadEarlier = (): void => {
    const element = box.current;
    install.setFollowing(false);
    if (element !== null) anchor.current = { seq: firstSeq(log), top: topOf(element, firstSeq(log)) };
    void load(install.loadEarlier);
  };
  const onScroll = (): void => {
    const element = box.current;
    if (element === null) return;
    const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < AT_END;
    if (following && !atEnd) install.setFollowing(false);
    // At the end of what is held, but not of what there is, the button below leads on.
    if (!following && atEnd && !hasLater(log)) install.setFollowing(true);
  };

  return (
    <section aria-label="Log" className="flex min-h-[420px] min-w-0 flex-col overflow-hidden rounded-md border border-line bg-panel max-lg:min-h-80">
      <header className="flex flex-wrap justify-between gap-x-4 border-b border-line px-3 py-2 text-soft">
        <h2>Log, from the guest unless said otherwise</h2>
        <span>
          {active ? (following ? "following" : "not following") : plural(log.lastSeq, "line", "lines")} · scrubbed on the node
        </span>
      </header>
      <div className="relative min-h-0 flex-1">
        <div
          ref={box}
          onScroll={onScroll}
          tabIndex={0}
          role="log"
          aria-live="off"
          aria-label="Lines of the log, times in UTC"
          className="absolute inset-0 overflow-y-auto bg-log p-3 font-mono text-small leading-[19px] -outline-offset-2 [overflow-anchor:none]"
        >
          {hasEarlier(log) ? (
            <div className="mb-2 flex justify-center font-sans">
              <Button onClick={loadEarlier} disabled={loading}>
                Earlier lines
              </Button>
            </div>
          ) : null}
          {log.entries.length === 0 ? <p className="text-soft">{active ? "Nothing said yet." : "Nothing was said."}</p> : null}
          {log.entries.map((entry) => (
            <LogLine key={entry.seq} entry={entry} />
          ))}
        </div>
        {following ? null : (
          <Button onClick={() => void load(install.jumpToEnd)} disabled={loading} className="absolute right-4 bottom-4 shadow-over">
            <ArrowDown aria-hidden="true" size={14} />
            {later > 0 ? `${formatCount(later)} more` : "To the end"}
          </Button>
        )}
      </div>
      {active ? <SendLine instance={install.view.instanceName} to="the appliance" why={whyNotSentToAppliance(install.view)} /> : null}
    </section>
  );
}

/** Where a line is in the window, in pixels from its upper edge. */
function topOf(box: HTMLElement, seq: number): number {
  const line = box.querySelector(`[data-seq="${seq}"]`);
  return line === null ? 0 : line.getBoundingClientRect().top - box.getBoundingClientRect().top;
}
