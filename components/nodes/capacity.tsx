import { formatMib } from "#components/format.ts";
import { classes } from "#components/ui/classes.ts";

/** How full something is: a bar, and in words what is free, of how much where there is room for it. MiB; null: not known. */
export function Capacity({ free, total, label, whole = false }: { readonly free: number | null; readonly total: number | null; readonly label: string; readonly whole?: boolean }) {
  if (free === null || total === null || total === 0) return <span className="text-soft">unknown</span>;
  const used = Math.min(100, Math.max(0, ((total - free) / total) * 100));
  return (
    <span className={classes("inline-flex items-center gap-x-2.5", whole ? "flex-wrap" : "whitespace-nowrap")}>
      <span role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(used)} aria-valuetext={`${formatMib(free)} of ${formatMib(total)} free`} className="block h-1 w-16 overflow-hidden rounded-full bg-line">
        <svg aria-hidden="true" width="100%" height="4" className={used > 90 ? "block fill-wait" : "block fill-soft"}>
          <rect width={`${used}%`} height="4" />
        </svg>
      </span>
      <span className={whole ? "" : "text-small text-soft"}>
        {formatMib(free)}
        {whole ? ` of ${formatMib(total)}` : ""} free
      </span>
    </span>
  );
}
