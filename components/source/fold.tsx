"use client";

import { ChevronRight } from "lucide-react";
import { useState } from "react";
import type { ReactNode } from "react";

/** A part of a form that most people leave alone: its name and what it holds now, and the inputs once it is opened. They stay where all inputs are. */
export function Fold({ title, now, open, children }: { readonly title: string; readonly now: string; readonly open: boolean; readonly children: ReactNode }) {
  // Opened by what calls for it; closed only by hand, never under somebody who empties an input in it.
  const [isOpen, setOpen] = useState(open);
  const [called, setCalled] = useState(open);
  if (called !== open) {
    setCalled(open);
    if (open) setOpen(true);
  }
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)} className="group border-t border-line py-1 first:border-t-0">
      <summary className="flex items-center gap-2 rounded-sm py-1.5 hover:text-accent">
        <ChevronRight aria-hidden="true" size={14} className="shrink-0 text-soft transition-transform group-open:rotate-90" />
        <span className="shrink-0 sm:w-[170px]">{title}</span>
        <span className="min-w-0 truncate text-small text-soft group-open:hidden">{now}</span>
      </summary>
      <div className="pb-2">{children}</div>
    </details>
  );
}
