import { classes } from "./classes.ts";

const HEIGHTS = { large: 6, small: 4 } as const;

/** A bar. Null: nothing has been said yet, so nothing is filled. It never moves by itself. */
export function Progress({ percent, label, size = "small", tone = "work", className }: { readonly percent: number | null; readonly label: string; readonly size?: keyof typeof HEIGHTS; readonly tone?: "work" | "bad" | "still"; readonly className?: string }) {
  const filled = percent === null ? 0 : Math.min(100, Math.max(0, percent));
  const height = HEIGHTS[size];
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(percent === null ? { "aria-valuetext": "nothing reported yet" } : { "aria-valuenow": Math.floor(filled) })}
      className={classes("w-full overflow-hidden rounded-full bg-line", size === "large" ? "h-1.5" : "h-1", className)}
    >
      <svg aria-hidden="true" width="100%" height={height} className={classes("block", tone === "bad" ? "fill-bad" : tone === "still" ? "fill-soft" : "fill-accent")}>
        <rect className="bar-fill" width={`${filled}%`} height={height} />
      </svg>
    </div>
  );
}
