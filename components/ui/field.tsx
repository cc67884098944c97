import type { ComponentProps, ReactNode } from "react";
import { classes } from "./classes.ts";

export const INPUT =
  "h-8 w-full min-w-0 rounded-md border border-edge bg-page px-2.5 text-ink transition-shadow " +
  "focus-visible:border-accent focus-visible:outline-2 focus-visible:outline-offset-0 focus-visible:outline-accent " +
  "aria-invalid:border-bad disabled:opacity-60";

export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input className={classes(INPUT, className)} {...rest} />;
}

export function Select({ className, ...rest }: ComponentProps<"select">) {
  return <select className={classes(INPUT, "pr-1", className)} {...rest} />;
}

export function Textarea({ className, ...rest }: ComponentProps<"textarea">) {
  return <textarea className={classes(INPUT, "h-auto min-h-16 py-1.5", className)} {...rest} />;
}

/** What an input needs to be tied to its label, hint and error. */
export interface FieldIds {
  readonly id: string;
  readonly "aria-describedby": string | undefined;
  readonly "aria-invalid": true | undefined;
}

export function fieldIds(id: string, has: { readonly hint: boolean; readonly error: boolean }): FieldIds {
  const described = [has.hint ? `${id}-hint` : null, has.error ? `${id}-error` : null].filter((part) => part !== null);
  return { id, "aria-describedby": described.length === 0 ? undefined : described.join(" "), "aria-invalid": has.error ? true : undefined };
}

/** A labelled row of a form: label left, input right, hint and error below the input. On narrow screens one below the other. */
export function Field({ id, label, hint, error, children }: { readonly id: string; readonly label: ReactNode; readonly hint?: ReactNode; readonly error?: string | null; readonly children: ReactNode }) {
  return (
    <div className="grid gap-x-3 gap-y-1 py-1.5 sm:grid-cols-[180px_minmax(0,1fr)]">
      <label htmlFor={id} className="pt-1.5 wrap-anywhere max-sm:pt-0">
        {label}
      </label>
      <div className="min-w-0">
        {children}
        {hint === undefined || hint === null ? null : (
          <p id={`${id}-hint`} className="mt-1 text-small text-soft">
            {hint}
          </p>
        )}
        {error === undefined || error === null ? null : (
          <p id={`${id}-error`} className="mt-1 text-small text-bad">
            {error}
          </p>
        )}
      </div>
    </div>
  );
}
