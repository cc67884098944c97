import Link from "next/link";
import { formatCount } from "#components/format.ts";
import { paths } from "#components/paths.ts";
import { Status } from "#components/status/mark.tsx";
import type { Tone } from "#components/status/mark.tsx";

export interface Counts {
  readonly total: number;
  readonly running: number;
  readonly installing: number;
  readonly failed: number;
}

/** How many instances there are, and in which state; each figure leads to its list. */
export function Figures({ counts }: { readonly counts: Counts }) {
  return (
    <ul className="grid grid-cols-2 gap-px overflow-hidden rounded-md border border-line bg-line md:grid-cols-4">
      <Figure label="Instances" count={counts.total} tone={null} href={paths.instances()} />
      <Figure label="Running" count={counts.running} tone="ok" href={paths.instances({ status: "running" })} />
      <Figure label="Installing" count={counts.installing} tone="work" href={paths.instances({ status: "installing" })} />
      <Figure label="Install failed" count={counts.failed} tone={counts.failed === 0 ? "still" : "bad"} href={paths.instances({ status: "install_failed" })} />
    </ul>
  );
}

function Figure({ label, count, tone, href }: { readonly label: string; readonly count: number; readonly tone: Tone | null; readonly href: string }) {
  return (
    <li className="bg-panel">
      <Link href={href} className="flex h-full flex-col gap-1 px-4 py-3 -outline-offset-2 hover:bg-hover">
        <span className="text-title font-semibold">{formatCount(count)}</span>
        <span className="text-soft">{tone === null ? label : <Status tone={tone}>{label}</Status>}</span>
      </Link>
    </li>
  );
}
