import { ChevronDown } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { classes } from "./classes.ts";

const BASE =
  "w-full min-w-0 rounded-md border px-2.5 text-ink " +
  "focus-visible:border-accent focus-visible:outline-2 focus-visible:outline-offset-0 focus-visible:outline-accent " +
  "aria-invalid:border-bad disabled:opacity-60";

interface Look {
  /** Something has to be typed here before the form can be sent. */
  readonly needed?: boolean;
}

function look(needed: boolean | undefined): string {
  return needed === true ? "border-accent bg-accent-soft" : "border-edge bg-page";
}

export function Input({ className, needed, ...rest }: ComponentProps<"input"> & Look) {
  return <input className={classes(BASE, "h-8", look(needed), className)} {...rest} />;
}

/** The browser's own list of choices, with our frame around it. */
export function Select({ className, needed, ...rest }: ComponentProps<"select"> & Look) {
  return (
    <span className="relative block">
      <select className={classes(BASE, "h-8 appearance-none truncate pr-8", look(needed), className)} {...rest} />
      <ChevronDown aria-hidden="true" size={14} className="pointer-events-none absolute top-[9px] right-2.5 text-soft" />
    </span>
  );
}

export function Textarea({ className, needed, ...rest }: ComponentProps<"textarea"> & Look) {
  return <textarea className={classes(BASE, "block min-h-16 py-1.5", look(needed), className)} {...rest} />;
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
