import Link from "next/link";
import { ArrowDown, ArrowUp } from "lucide-react";
import { Th } from "./table.tsx";

/** The heading of a column by which the table can be ordered: a link, since the order is part of the address. */
export function SortTh<Sort extends string>({ label, up, down, current, hrefOf }: { readonly label: string; readonly up: Sort; readonly down: Sort; readonly current: Sort; readonly hrefOf: (sort: Sort) => string }) {
  const Arrow = current === up ? ArrowUp : ArrowDown;
  return (
    <Th aria-sort={current === up ? "ascending" : current === down ? "descending" : "none"}>
      <Link href={hrefOf(current === up ? down : up)} className="inline-flex min-h-6 items-center gap-1 rounded-sm hover:text-ink">
        {label}
        {current === up || current === down ? <Arrow aria-hidden="true" size={12} /> : null}
      </Link>
    </Th>
  );
}
