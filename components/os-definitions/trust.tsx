import type { ScriptPlace } from "#lib/domain/install-plan.ts";
import { formatExact } from "#components/format.ts";

/** Where code would run and on whose word. */
export function Trust({ run }: { readonly run: ScriptPlace }) {
  switch (run.place) {
    case "appliance":
      return (
        <span className="text-soft">
          <b className="font-medium text-ink">in the appliance</b>, read-only, no network but its host
        </span>
      );
    case "host":
      return (
        <span className="text-soft">
          <b className="font-medium text-bad">on the host, as root</b>, trusted by {run.trustedBy} on{" "}
          <time dateTime={run.trustedAt} title={formatExact(run.trustedAt)}>
            {run.trustedAt.slice(0, 10)}
          </time>
        </span>
      );
  }
}

/** As `Trust`, for a definition as a whole: in the appliance unless an administrator said otherwise. */
export function TrustOf({ trusted }: { readonly trusted: { readonly by: string; readonly at: string } | null }) {
  if (trusted === null) return <span>in the appliance</span>;
  return (
    <span>
      <b className="font-medium text-bad">on the host, as root</b>, trusted by {trusted.by} on{" "}
      <time dateTime={trusted.at} title={formatExact(trusted.at)}>
        {trusted.at.slice(0, 10)}
      </time>
    </span>
  );
}
