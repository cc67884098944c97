"use client";

import { INSTALL_STATE } from "#components/status/statuses.ts";
import { Status } from "#components/status/mark.tsx";
import { formatPercent } from "#components/format.ts";
import { Progress } from "#components/ui/progress.tsx";
import { classes } from "#components/ui/classes.ts";
import { isFinal } from "#lib/domain/install-states.ts";
import { useGlance } from "./live-install.ts";
import type { Glance } from "./live-install.ts";

/** The picture in one row: bar and percent, with the step where there is room. When it is over, how it ended. */
export function InstallBar({ install, instanceName, size = "small" }: { readonly install: Glance; readonly instanceName: string; readonly size?: "small" | "tiny" }) {
  const { state, percent, step } = useGlance(install);
  if (isFinal(state)) return <Status tone={INSTALL_STATE[state].tone}>{INSTALL_STATE[state].word}</Status>;
  return (
    <span className="inline-flex items-center gap-2.5 align-middle whitespace-nowrap">
      <span className={size === "small" ? "w-24 shrink-0" : "w-20 shrink-0"}>
        <Progress percent={percent} label={`Install of ${instanceName}`} />
      </span>
      <span className={classes("text-small text-soft", size === "tiny" && "w-9 text-right")}>
        {percent === null ? (size === "tiny" ? "" : INSTALL_STATE[state].word) : formatPercent(percent)}
        {size === "small" && percent !== null && step !== null ? <span className="max-lg:hidden"> · {step}</span> : null}
      </span>
    </span>
  );
}
