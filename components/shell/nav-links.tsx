"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import type { ReactNode } from "react";
import { classes } from "#components/ui/classes.ts";
import { isUnder } from "./navigation.ts";
import type { NavigationItem } from "./navigation.ts";

/** The list of pages, each with what there is to count. */
export function NavLinks({ items, counts }: { readonly items: readonly NavigationItem[]; readonly counts: Readonly<Partial<Record<NavigationItem["key"], ReactNode>>> }) {
  const path = usePathname();
  return (
    <ul className="flex flex-col gap-0.5">
      {items.map(({ key, label, href }) => {
        const current = isUnder(path, href);
        return (
          <li key={key}>
            <Link
              href={href}
              aria-current={current ? (path === href ? "page" : "true") : undefined}
              className={classes("flex justify-between gap-2 rounded-md px-2 py-1.5 -outline-offset-2", current ? "bg-accent-soft text-ink" : "text-soft hover:bg-hover hover:text-ink")}
            >
              {label}
              <span className={current ? "text-soft" : "text-faint"}>{counts[key]}</span>
            </Link>
          </li>
        );
      })}
    </ul>
  );
}
