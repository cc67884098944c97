import type { ReactNode } from "react";
import { classes } from "#components/ui/classes.ts";

/** How things stand, in the few kinds that the console tells apart. Each has a shape, a colour and, beside it, a word. */
export type Tone = "ok" | "work" | "wait" | "bad" | "still" | "unknown";

const COLOURS: Readonly<Record<Tone, string>> = {
  ok: "text-ok",
  work: "text-work",
  wait: "text-wait",
  bad: "text-bad",
  still: "text-soft",
  unknown: "text-unknown",
};

const SHAPES: Readonly<Record<Tone, ReactNode>> = {
  ok: <circle cx="6" cy="6" r="4" fill="currentColor" />,
  work: <rect x="2.5" y="2.5" width="7" height="7" rx="1" transform="rotate(45 6 6)" fill="currentColor" />,
  wait: (
    <>
      <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path d="M6 2a4 4 0 0 1 0 8z" fill="currentColor" />
    </>
  ),
  bad: <path d="M2.5 2.5l7 7M9.5 2.5l-7 7" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />,
  still: <rect x="2.5" y="2.5" width="7" height="7" rx="1" fill="none" stroke="currentColor" strokeWidth="1.5" />,
  unknown: <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" strokeWidth="1.5" strokeDasharray="2 1.6" />,
};

export function ToneMark({ tone }: { readonly tone: Tone }) {
  return (
    <svg aria-hidden="true" viewBox="0 0 12 12" width="12" height="12" className={classes("shrink-0", COLOURS[tone])}>
      {SHAPES[tone]}
    </svg>
  );
}

/** A mark and its word, as plain text in tables or in a frame beside a title. */
export function Status({ tone, children, framed = false }: { readonly tone: Tone; readonly children: ReactNode; readonly framed?: boolean }) {
  return (
    <span className={classes("inline-flex items-center gap-1.5 whitespace-nowrap", framed && "rounded-full border border-line px-2.5 py-0.5 text-small")}>
      <ToneMark tone={tone} />
      {children}
    </span>
  );
}
