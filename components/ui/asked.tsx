import type { ReactNode } from "react";

/** A button with the reason why it can't be pressed now; null: it can. */
export function Asked({ reason, children }: { readonly reason: string | null; readonly children: ReactNode }) {
  return (
    <span className="flex flex-wrap items-center justify-end gap-x-3 gap-y-1">
      {reason === null ? null : <span>{reason}</span>}
      {children}
    </span>
  );
}
