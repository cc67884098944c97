"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";

const WORDS: Readonly<Record<string, string>> = {
  "os-definitions": "OS definitions",
  nodes: "Nodes",
  jobs: "Jobs",
  new: "New instance",
  reinstall: "Reinstall",
};
/** Tabs of an instance, which are no places of their own. */
const TABS = new Set(["install", "parameters", "hardware", "history"]);

interface Crumb {
  readonly href: string;
  readonly label: string;
}

/** Where one is, from the address. */
function crumbsOf(path: string, instancesLabel: string): readonly Crumb[] {
  const parts = path.split("/").filter((part) => part !== "");
  if (parts.length === 0) return [{ href: "/", label: "Overview" }];
  return parts
    .map((part, index) => {
      const href = `/${parts.slice(0, index + 1).join("/")}`;
      const fixed = index === 0 || index === 2 || (parts[0] === "instances" && index === 1 && part === "new");
      const word = part === "instances" ? instancesLabel : (WORDS[part] ?? decodeURIComponent(part));
      return { href, label: fixed ? word : decodeURIComponent(part) };
    })
    .filter((_, index) => !(index === 2 && TABS.has(parts[2] ?? "")));
}

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
