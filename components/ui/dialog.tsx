"use client";

import { X } from "lucide-react";
import { useEffect, useId, useRef } from "react";
import type { ReactNode } from "react";
import { IconButton } from "./button.tsx";

/**
 * The browser's own modal dialog: it keeps the focus, makes the rest inert, closes on Escape and gives the focus back,
 * without a style or a script of its own in the page. What has `data-first`, or the first
 * value to type, gets the focus.
 */
export function Dialog({ open, onClose, title, children }: { readonly open: boolean; readonly onClose: () => void; readonly title: string; readonly children: ReactNode }) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (dialog === null) return;
    if (open && !dialog.open) {
      dialog.showModal();
      // The browser would take the first button, which is the one that closes.
      dialog.querySelector<HTMLElement>("[data-first], [data-parameter]")?.focus();
    }
    if (!open && dialog.open) dialog.close();
  }, [open]);
  return (
    <dialog
      ref={ref}
      aria-labelledby={titleId}
      onClose={onClose}
      className="m-auto w-[min(480px,calc(100vw-32px))] rounded-md border border-line bg-panel p-0 text-ink shadow-over"
    >
      {open ? (
        <>
          <header className="flex items-center justify-between gap-4 border-b border-line py-2 pr-2 pl-5">
            <h2 id={titleId} className="min-w-0 font-semibold wrap-anywhere">
              {title}
            </h2>
            <IconButton label="Close" onClick={onClose}>
              <X aria-hidden="true" size={16} />
            </IconButton>
          </header>
          {children}
        </>
      ) : null}
    </dialog>
  );
}
