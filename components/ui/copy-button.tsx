"use client";

import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "./button.tsx";
import { classes } from "./classes.ts";

/** Milliseconds for which "Copied" stands. */
const SHOWN_FOR = 1500;

function useCopied(): readonly [boolean, (text: string) => void] {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_FOR);
    return () => clearTimeout(timer);
  }, [copied]);
  return [copied, (text) => void copyText(text).then(setCopied)];
}

/** Puts text on the clipboard; false where the browser doesn't let us (plain HTTP to another address than loopback). */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Copies a value that stands beside it. */
export function CopyIcon({ text, label, className }: { readonly text: string; readonly label: string; readonly className?: string }) {
  const [copied, copy] = useCopied();
  const Icon = copied ? Check : Copy;
  return (
    <button
      type="button"
      aria-label={`Copy ${label}`}
      title={copied ? "Copied" : `Copy ${label}`}
      onClick={() => copy(text)}
      className={classes("-my-0.5 inline-flex size-6 shrink-0 items-center justify-center rounded-sm align-middle text-faint hover:bg-hover hover:text-ink", className)}
    >
      <Icon aria-hidden="true" size={13} />
      <Said>{copied}</Said>
    </button>
  );
}

/** For those who don't see the mark change. */
function Said({ children: copied }: { readonly children: boolean }) {
  return (
    <span role="status" className="sr-only">
      {copied ? "Copied" : ""}
    </span>
  );
}

/** Copies a text that is made when it is asked for. */
export function CopyButton({ text, children }: { readonly text: () => string; readonly children: string }) {
  const [copied, copy] = useCopied();
  return (
    <>
      <Button onClick={() => copy(text())}>{copied ? "Copied" : children}</Button>
      <Said>{copied}</Said>
    </>
  );
}
