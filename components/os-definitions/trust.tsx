import { Box, Server, ShieldCheck } from "lucide-react";
import type { ReactNode } from "react";
import type { ScriptPlace } from "#lib/domain/install-plan.ts";
import { formatExact } from "#components/format.ts";
import { classes } from "#components/ui/classes.ts";

/** The two places in which code runs, each with the mark that it has everywhere: closed in a box, or a machine of the cluster. */
export function PlaceMark({ place, inline = false }: { readonly place: "appliance" | "host"; readonly inline?: boolean }) {
  const Icon = place === "appliance" ? Box : Server;
  return <Icon aria-hidden="true" size={14} className={classes(inline ? "mr-1 -mt-0.5 inline" : "mt-[3px] shrink-0", place === "appliance" ? "text-soft" : "text-bad")} />;
}

/** Mark and words: a block of its own, or `inline` within a sentence. */
function Marked({ place, inline = false, children }: { readonly place: "appliance" | "host"; readonly inline?: boolean; readonly children: ReactNode }) {
  if (inline) {
    return (
      <span className="text-soft">
        <PlaceMark place={place} inline />
        {children}
      </span>
    );
  }
  return (
    <span className="inline-flex gap-1.5 text-soft">
      <PlaceMark place={place} />
      <span>{children}</span>
    </span>
  );
}

/** Where code would run and on whose word. */
export function Trust({ run }: { readonly run: ScriptPlace }) {
  switch (run.place) {
    case "appliance":
      return <InAppliance detailed inline />;
    case "host":
      return <OnHost by={run.trustedBy} at={run.trustedAt} inline />;
  }
}

/** Whether a definition is trusted and on whose word. Where its code runs follows from more than that, and isn't said here. */
export function TrustOf({ trusted }: { readonly trusted: { readonly by: string; readonly at: string } | null }) {
  if (trusted === null) return <span className="text-soft">untrusted</span>;
  return (
    <span className="inline-flex gap-1.5 text-soft">
      <ShieldCheck aria-hidden="true" size={14} className="mt-[3px] shrink-0" />
      <span>
        <b className="font-medium text-ink">trusted</b> by {trusted.by} on <Day at={trusted.at} />
      </span>
    </span>
  );
}

function Day({ at }: { readonly at: string }) {
  return (
    <time dateTime={at} title={formatExact(at)}>
      {at.slice(0, 10)}
    </time>
  );
}

export function InAppliance({ detailed = false, inline = false }: { readonly detailed?: boolean; readonly inline?: boolean }) {
  return (
    <Marked place="appliance" inline={inline}>
      <b className="font-medium text-ink">in the appliance</b>
      {detailed ? ", read-only, no network but its host" : null}
    </Marked>
  );
}

export function OnHost({ by, at, inline = false }: { readonly by: string; readonly at: string; readonly inline?: boolean }) {
  return (
    <Marked place="host" inline={inline}>
      <b className="font-medium text-bad">on the host, as root</b>, trusted by {by} on <Day at={at} />
    </Marked>
  );
}
