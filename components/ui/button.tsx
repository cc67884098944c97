import Link from "next/link";
import type { ComponentProps, ReactNode } from "react";
import { classes } from "./classes.ts";

export type ButtonKind = "plain" | "main" | "danger" | "danger-main" | "quiet";

const BASE =
  "inline-flex h-8 shrink-0 items-center justify-center gap-2 rounded-md border px-3 whitespace-nowrap transition-colors " +
  "disabled:opacity-55 aria-disabled:opacity-55";

const KINDS: Readonly<Record<ButtonKind, string>> = {
  plain: "border-line bg-panel text-ink not-disabled:hover:bg-hover not-disabled:hover:border-edge",
  main: "border-accent bg-accent text-on-accent not-disabled:hover:bg-accent-strong not-disabled:hover:border-accent-strong",
  danger: "border-line bg-panel text-bad not-disabled:hover:bg-bad-soft not-disabled:hover:border-bad",
  "danger-main": "border-bad bg-bad text-panel not-disabled:hover:bg-bad-strong not-disabled:hover:border-bad-strong",
  quiet: "border-transparent bg-transparent text-soft not-disabled:hover:bg-hover not-disabled:hover:text-ink",
};

export function buttonClasses(kind: ButtonKind, extra?: string): string {
  return classes(BASE, KINDS[kind], extra);
}

/** A button says what will happen ("Reinstall web-3"), never "OK". */
export function Button({ kind = "plain", className, type = "button", ...rest }: ComponentProps<"button"> & { readonly kind?: ButtonKind }) {
  return <button type={type} className={buttonClasses(kind, className)} {...rest} />;
}

/** A link that looks like a button, for what has an address. */
export function ButtonLink({ kind = "plain", href, children, className }: { readonly kind?: ButtonKind; readonly href: string; readonly children: ReactNode; readonly className?: string }) {
  return (
    <Link href={href} className={buttonClasses(kind, className)}>
      {children}
    </Link>
  );
}

/** A link to a question that the page itself asks in a dialog: nothing is fetched for it beforehand, and the page stays where it is. */
export function AskLink({ href, children }: { readonly href: string; readonly children: ReactNode }) {
  return (
    <Link href={href} replace scroll={false} prefetch={false} className={buttonClasses("plain")}>
      {children}
    </Link>
  );
}

/** A button that is only a picture; its label is read out and shown on hover. */
export function IconButton({ label, className, type = "button", ...rest }: Omit<ComponentProps<"button">, "aria-label" | "title"> & { readonly label: string }) {
  return (
    <button
      type={type}
      aria-label={label}
      title={label}
      className={classes("inline-flex size-8 shrink-0 items-center justify-center rounded-md text-soft transition-colors hover:bg-hover hover:text-ink", className)}
      {...rest}
    />
  );
}
