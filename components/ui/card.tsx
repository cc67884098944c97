import type { ReactNode } from "react";
import { classes } from "./classes.ts";

/** A bordered sheet. With a title it is a region that can be jumped to. */
export function Card({ children, className }: { readonly children: ReactNode; readonly className?: string }) {
  return <section className={classes("rounded-md border border-line bg-panel", className)}>{children}</section>;
}

/** A sheet with a heading, and something at the right of it. */
export function TitledCard({ title, aside, children, className }: { readonly title: string; readonly aside?: ReactNode; readonly children: ReactNode; readonly className?: string }) {
  const id = `section-${title.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
  return (
    <section aria-labelledby={id} className={classes("min-w-0 rounded-md border border-line bg-panel", className)}>
      <header className="flex min-h-11 flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 py-2">
        <h2 id={id} className="font-semibold">
          {title}
        </h2>
        {aside === undefined ? null : <div className="text-small text-soft">{aside}</div>}
      </header>
      {children}
    </section>
  );
}
