"use client";

import { useState } from "react";
import type { RefObject } from "react";
import { classes } from "#components/ui/classes.ts";
import { fieldIds, Textarea } from "#components/ui/field.tsx";
import { USER_DATA_BYTES, userDataBytes } from "#lib/domain/instance-limits.ts";

/** Nothing may remember what is typed here. */
const FORGET = { autoComplete: "off", autoCorrect: "off", autoCapitalize: "off", spellCheck: false, "data-1p-ignore": true, "data-lpignore": "true" } as const;

/**
 * User data are private: what is typed is in the input alone, never in React's state, has no name by which a form could put it
 * into an address, and isn't shown unless whoever types wants to see it.
 */
export function UserDataInput({ id, inputRef, first = false, hasError = false, onBytes }: { readonly id: string; readonly inputRef: RefObject<HTMLTextAreaElement | null>; readonly first?: boolean; readonly hasError?: boolean; readonly onBytes: (bytes: number) => void }) {
  const [shown, setShown] = useState(false);
  const read = async (file: File | undefined): Promise<void> => {
    const input = inputRef.current;
    if (file === undefined || input === null) return;
    // More than can be sent isn't read.
    input.value = await file.slice(0, 4 * USER_DATA_BYTES + 1).text();
    onBytes(userDataBytes(input.value));
  };
  return (
    <span className="flex flex-col gap-2">
      <Textarea
        {...fieldIds(id, { hint: true, error: hasError })}
        {...FORGET}
        {...(first ? { "data-first": true } : {})}
        ref={inputRef}
        rows={8}
        onChange={(event) => onBytes(userDataBytes(event.target.value))}
        className={classes("font-mono text-small", !shown && "masked")}
      />
      <span className="flex flex-wrap items-center gap-x-5 gap-y-1 text-small">
        <label className="inline-flex items-center gap-2">
          <input type="checkbox" checked={shown} onChange={(event) => setShown(event.target.checked)} className="size-4 accent-accent" />
          Show what I type
        </label>
        <label className="inline-flex min-w-0 items-center gap-2">
          <span className="shrink-0">From a file</span>
          <input type="file" onChange={(event) => void read(event.target.files?.[0])} className="min-w-0 text-soft file:mr-2 file:h-6 file:rounded-sm file:border file:border-line file:bg-panel file:px-2 file:text-ink" />
        </label>
      </span>
    </span>
  );
}
