import { useId } from "react";
import type { ReactNode } from "react";

/** A part of a form with a heading. */
export function FormSection({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  const id = useId();
  return (
    <div role="group" aria-labelledby={id} className="border-t border-line px-5 py-4 first:border-t-0">
      <h2 id={id} className="mb-2 font-semibold">
        {title}
      </h2>
      {children}
    </div>
  );
}

/** The end of a form: what is missing, and what can be done. */
export function FormEnd({ why, children }: { readonly why: string | null; readonly children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center justify-end gap-2 border-t border-line px-5 py-4">
      <p role="status" className="mr-auto text-small text-soft">
        {why}
      </p>
      {children}
    </div>
  );
}
