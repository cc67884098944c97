import { CircleAlert, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { classes } from "./classes.ts";

const LOOKS = {
  bad: { box: "border-bad bg-bad-soft", mark: "text-bad", Icon: CircleAlert },
  wait: { box: "border-wait bg-wait-soft", mark: "text-wait", Icon: TriangleAlert },
  info: { box: "border-line bg-panel", mark: "text-soft", Icon: Info },
} as const;

/** A message in its place on the page. `live` ones are read out when they appear. */
export function Notice({ kind, title, children, live = false }: { readonly kind: keyof typeof LOOKS; readonly title?: ReactNode; readonly children?: ReactNode; readonly live?: boolean }) {
  const { box, mark, Icon } = LOOKS[kind];
  return (
    <div role={live ? "alert" : undefined} className={classes("flex gap-3 rounded-md border px-4 py-3", box)}>
      <Icon aria-hidden="true" size={16} className={classes("mt-0.5 shrink-0", mark)} />
      <div className="min-w-0 wrap-anywhere">
        {title === undefined ? null : <p className="font-semibold">{title}</p>}
        {children === undefined ? null : <div>{children}</div>}
      </div>
    </div>
  );
}
