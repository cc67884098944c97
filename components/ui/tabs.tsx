"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { useEffect, useRef } from "react";
import { classes } from "./classes.ts";

export interface Tab {
  readonly href: string;
  readonly label: string;
}

/** Tabs that are addresses: a list of links, of which one is the current page. */
export function LinkTabs({ label, tabs }: { readonly label: string; readonly tabs: readonly Tab[] }) {
  const path = usePathname();
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    // Where they have no room, the current one is scrolled to: sideways alone, the page stays where it is.
    const current = nav.current?.querySelector<HTMLElement>("[aria-current]");
    if (current !== null && current !== undefined && nav.current !== null) nav.current.scrollLeft = current.offsetLeft - (nav.current.clientWidth - current.offsetWidth) / 2;
  }, [path]);
  return (
    <nav ref={nav} aria-label={label} className="relative mb-5 overflow-x-auto border-b border-line">
      <ul className="flex gap-5">
        {tabs.map(({ href, label: text }) => {
          const current = decodeURI(path) === decodeURI(href);
          return (
            <li key={href}>
              <Link
                href={href}
                aria-current={current ? "page" : undefined}
                className={classes("block border-b-2 py-2 whitespace-nowrap -outline-offset-2", current ? "border-accent text-ink" : "border-transparent text-soft hover:text-ink")}
              >
                {text}
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
