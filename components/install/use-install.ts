"use client";

import { useEffect, useReducer, useRef } from "react";
import { request } from "#components/api/request.ts";
import { useLive } from "#components/live/use-live.ts";
import { api } from "#components/paths.ts";
import type { InstallEntryView, InstallView } from "#lib/domain/views.ts";
import { append, CHUNK, endSeq, extend, firstSeq, prepend, replace, WINDOW } from "./log-window.ts";
import type { LogWindow } from "./log-window.ts";

/** An install and the part of its log that is held. */
export interface InstallPicture {
  readonly view: InstallView;
  readonly log: LogWindow;
  readonly following: boolean;
}

type Change =
  | { readonly kind: "read"; readonly view: InstallView | null; readonly entries: readonly InstallEntryView[] }
  | { readonly kind: "earlier" | "end"; readonly entries: readonly InstallEntryView[] }
  | { readonly kind: "follow"; readonly following: boolean };

export function reduceInstall(picture: InstallPicture, change: Change): InstallPicture {
  switch (change.kind) {
    case "read": {
      const view = change.view ?? picture.view;
      return { ...picture, view, log: extend(append(picture.log, change.entries, picture.following), view.lastSeq) };
    }
    case "earlier":
      return { ...picture, log: prepend(picture.log, change.entries) };
    case "end":
      return { ...picture, log: replace(picture.log, change.entries), following: true };
    case "follow":
      return { ...picture, following: change.following };
  }
}

export interface InstallControl extends InstallPicture {
  readonly setFollowing: (following: boolean) => void;
  readonly loadEarlier: () => Promise<void>;
  readonly jumpToEnd: () => Promise<void>;
}

/**
 * Keeps an install up to date: the stream says that something is new, and what is new is read, once at a time, however
 * often it says so. What was missed while there was no stream comes the same way.
 */
export function useInstall(initial: InstallView, entries: readonly InstallEntryView[]): InstallControl {
  const [picture, change] = useReducer(reduceInstall, { view: initial, log: replace({ entries: [], lastSeq: initial.lastSeq }, entries), following: true });
  const { id } = initial;
  const held = useRef({ end: 0, wants: true });
  useEffect(() => {
    // Someone who reads further up, in a full window, needs no more than to know that there is more.
    held.current = { end: endSeq(picture.log), wants: picture.following || picture.log.entries.length < WINDOW };
  });

  const reading = useRef<"no" | "yes" | "again">("no");
  const read = async (): Promise<void> => {
    if (reading.current !== "no") {
      reading.current = "again";
      return;
    }
    reading.current = "yes";
    const [view, later] = await Promise.all([
      request<InstallView>("GET", api.install(id)),
      held.current.wants ? request<Entries>("GET", api.installLog(id, { after: held.current.end, limit: CHUNK })) : null,
    ]);
    const entries = later?.ok === true ? later.value.items : [];
    change({ kind: "read", view: view.ok ? view.value : null, entries });
    held.current.end = entries.at(-1)?.seq ?? held.current.end;
    // A full answer means that there may be more.
    const again = isAgain(reading.current) || entries.length === CHUNK;
    reading.current = "no";
    if (again) await read();
  };
  useLive((event) => {
    if (event === "resync" || (event.payload.type === "install.progress" && event.payload.installId === id)) void read();
  });

  return {
    ...picture,
    setFollowing: (following) => change({ kind: "follow", following }),
    loadEarlier: async () => {
      const earlier = await request<Entries>("GET", api.installLog(id, { before: firstSeq(picture.log), limit: CHUNK }));
      if (earlier.ok) change({ kind: "earlier", entries: earlier.value.items });
    },
    jumpToEnd: async () => {
      const last = await request<Entries>("GET", api.installLog(id, { before: picture.log.lastSeq + 1, limit: CHUNK }));
      if (last.ok) change({ kind: "end", entries: last.value.items });
    },
  };
}

interface Entries {
  readonly items: readonly InstallEntryView[];
}

/** Read anew: while an answer is awaited, events change it. */
function isAgain(reading: "no" | "yes" | "again"): boolean {
  return reading === "again";
}
