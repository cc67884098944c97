import { Box, Server } from "lucide-react";
import type { ReactNode } from "react";
import type { ScriptPlace } from "#lib/domain/install-plan.ts";
import { formatExact } from "#components/format.ts";

/** The two places in which code runs, each with the mark that it has everywhere: closed in a box, or a machine of the cluster. */
export function PlaceMark({ place }: { readonly place: "appliance" | "host" }) {
  return place === "appliance" ? <Box aria-hidden="true" size={14} className="mt-[3px] shrink-0 text-soft" /> : <Server aria-hidden="true" size={14} className="mt-[3px] shrink-0 text-bad" />;
}

function Marked({ place, children }: { readonly place: "appliance" | "host"; readonly children: ReactNode }) {
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
      return <InAppliance detailed />;
    case "host":
      return <OnHost by={run.trustedBy} at={run.trustedAt} />;
  }
}

/** As `Trust`, for a definition as a whole: in the appliance unless an administrator said otherwise, and the cluster lets it. */
export function TrustOf({ trusted, forbidden }: { readonly trusted: { readonly by: string; readonly at: string } | null; readonly forbidden: boolean }) {
  if (trusted === null) return <InAppliance />;
  if (!forbidden) return <OnHost {...trusted} />;
  return (
    <Marked place="appliance">
      <b className="font-medium text-ink">in the appliance</b>: trusted by {trusted.by}, but the cluster forbids scripts on hosts
    </Marked>
  );
}

export function InAppliance({ detailed = false }: { readonly detailed?: boolean }) {
  return (
    <Marked place="appliance">
      <b className="font-medium text-ink">in the appliance</b>
      {detailed ? ", read-only, no network but its host" : null}
    </Marked>
  );
}

export function OnHost({ by, at }: { readonly by: string; readonly at: string }) {
  return (
    <Marked place="host">
      <b className="font-medium text-bad">on the host, as root</b>, trusted by {by} on{" "}
      <time dateTime={at} title={formatExact(at)}>
        {at.slice(0, 10)}
      </time>
    </Marked>
  );
}
