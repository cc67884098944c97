import { formatCount } from "#components/format.ts";
import { classes } from "#components/ui/classes.ts";
import type { NetworkView } from "#lib/domain/network.ts";

/** How much of a network's pool is taken: a bar, what is reserved lighter at its end, and the numbers. */
export function Pool({ network, whole = false }: { readonly network: Pick<NetworkView, "name" | "size" | "taken" | "reserved">; readonly whole?: boolean }) {
  const { size, taken, reserved } = network;
  const held = taken - reserved;
  const part = (count: number): number => (size === 0 ? 0 : Math.min(100, (count / size) * 100));
  const isFull = part(taken) > 90;
  const text = `${formatCount(taken)} of ${formatCount(size)} taken`;
  return (
    <span className={classes("flex items-center gap-x-2.5", whole ? "flex-wrap" : "whitespace-nowrap")}>
      <span role="meter" aria-label={`Addresses of ${network.name}`} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(part(taken))} aria-valuetext={text} className="block h-1 w-16 overflow-hidden rounded-full bg-line">
        <svg aria-hidden="true" width="100%" height="4" className="block">
          <rect width={`${part(taken)}%`} height="4" className={isFull ? "fill-wait" : "fill-edge"} />
          <rect width={`${part(held)}%`} height="4" className={isFull ? "fill-wait" : "fill-soft"} />
        </svg>
      </span>
      <span className={whole ? "" : "text-small text-soft"}>
        {text}
        {whole && reserved > 0 ? `, ${formatCount(reserved)} of them reserved` : ""}
        {size > 0 && taken >= size ? ", none left" : ""}
      </span>
    </span>
  );
}
