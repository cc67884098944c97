import type { ComponentProps, ReactNode } from "react";
import { classes } from "./classes.ts";

/**
 * A dense table: rows of 32 pixels, headings that stay. It scrolls sideways by itself where it has no room, and can be
 * scrolled by keyboard.
 */
export function Table({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div role="group" aria-label={label} tabIndex={0} className="relative overflow-x-auto rounded-md -outline-offset-2">
      <table className="w-full border-collapse text-left">
        <caption className="sr-only">{label}</caption>
        {children}
      </table>
    </div>
  );
}

export function Th({ className, ...rest }: ComponentProps<"th">) {
  return <th scope="col" className={classes("h-8 px-3 first:pl-4 last:pr-4 text-small font-normal whitespace-nowrap text-soft", className)} {...rest} />;
}

export function Tr({ className, ...rest }: ComponentProps<"tr">) {
  return <tr className={classes("border-t border-line hover:bg-hover", className)} {...rest} />;
}

export function Td({ className, ...rest }: ComponentProps<"td">) {
  return <td className={classes("h-8 px-3 py-1 first:pl-4 last:pr-4 align-middle", className)} {...rest} />;
}
