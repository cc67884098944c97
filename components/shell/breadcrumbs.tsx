"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { crumbsOf } from "./crumbs.ts";

export function Breadcrumbs({ instancesLabel }: { readonly instancesLabel: string }) {
  const crumbs = crumbsOf(usePathname(), instancesLabel);
  return (
    <nav aria-label="Where you are" className="min-w-0">
      <ol className="flex min-w-0 items-center">
        {crumbs.map(({ href, label }, index) => {
          const last = index === crumbs.length - 1;
          return (
            <li key={href} className={last ? "min-w-0 truncate" : "shrink-0 max-sm:hidden"}>
              {last ? (
                <span aria-current="page" className="font-medium text-ink">
                  {label}
                </span>
              ) : (
                <>
                  <Link href={href} className="rounded-sm hover:text-ink">
                    {label}
                  </Link>
                  <span aria-hidden="true" className="px-1.5">
                    /
                  </span>
                </>
              )}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
