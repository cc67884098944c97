"use client";

import { useReducer, useRef } from "react";
import { request } from "#components/api/request.ts";
import { useLive } from "#components/live/use-live.ts";
import { api } from "#components/paths.ts";
import { addEarlier, addNewest, PART, windowOf } from "./channel-window.ts";
import type { ChannelPart, ChannelWindow } from "./channel-window.ts";

export interface ChannelControl extends ChannelWindow {
  readonly loadEarlier: () => Promise<void>;
}

/** Keeps the lines of an instance's channel up to date: the stream says that there are new ones, and they are read, once at a time. */
export function useChannel(instance: string, initial: ChannelPart): ChannelControl {
  const [held, change] = useReducer(
    (before: ChannelWindow, { how, part }: { readonly how: typeof addNewest; readonly part: ChannelPart }) => how(before, part),
    initial,
    windowOf,
  );
  const reading = useRef<"no" | "yes" | "again">("no");
  const read = async (): Promise<void> => {
    if (reading.current !== "no") {
      reading.current = "again";
      return;
    }
    reading.current = "yes";
    const answer = await request<ChannelPart>("GET", api.channel(instance, { limit: PART }));
    if (answer.ok) change({ how: addNewest, part: answer.value });
    const again = isAgain(reading.current);
    reading.current = "no";
    if (again) await read();
  };
  useLive((event) => {
    if (event === "resync" || (event.payload.type === "instance.lines" && event.payload.name === instance)) void read();
  });
  return {
    ...held,
    loadEarlier: async () => {
      if (held.earlier === null) return;
      const answer = await request<ChannelPart>("GET", api.channel(instance, { before: held.earlier, limit: PART }));
      if (answer.ok) change({ how: addEarlier, part: answer.value });
    },
  };
}

/** Read anew: while an answer is awaited, events change it. */
function isAgain(reading: "no" | "yes" | "again"): boolean {
  return reading === "again";
}
