import type { Visibility } from "#lib/domain/parameters.ts";
import { classes } from "#components/ui/classes.ts";

/** The three marks by which classes are recognised everywhere: open, closed, sealed. */
export function VisibilityIcon({ visibility }: { readonly visibility: Visibility }) {
  return (
    <svg aria-hidden="true" viewBox="0 0 16 16" width="14" height="14" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinejoin="round" className="shrink-0 text-soft">
      <Shape visibility={visibility} />
    </svg>
  );
}

function Shape({ visibility }: { readonly visibility: Visibility }) {
  switch (visibility) {
    case "public":
      return <circle cx="8" cy="8" r="5" />;
    case "private":
      return (
        <>
          <rect x="3" y="7" width="10" height="7" rx="1.5" />
          <path d="M5 7V5a3 3 0 0 1 6 0v2" />
        </>
      );
    case "secret":
      return (
        <>
          <path d="M8 2l5 2v4c0 3-2 5-5 6-3-1-5-3-5-6V4z" />
          <path d="M6 8l1.5 1.5L10 7" />
        </>
      );
  }
}

const MEANINGS: Readonly<Record<Visibility, string>> = {
  public: "Public: stored and shown",
  private: "Private: stored encrypted, never shown",
  secret: "Secret: never stored, held in memory until the install ends",
};

/** Mark and word. */
export function VisibilityMark({ visibility, className }: { readonly visibility: Visibility; readonly className?: string }) {
  return (
    <span title={MEANINGS[visibility]} className={classes("inline-flex items-center gap-1.5 text-soft", className)}>
      <VisibilityIcon visibility={visibility} />
      {visibility}
    </span>
  );
}

/** What the marks mean, for the top of a form. */
export function VisibilityLegend() {
  return (
    <ul className="flex flex-wrap gap-x-5 gap-y-1 text-small text-soft">
      {(["public", "private", "secret"] as const).map((visibility) => (
        <li key={visibility} className="inline-flex items-center gap-1.5">
          <VisibilityIcon visibility={visibility} />
          {MEANINGS[visibility]}
        </li>
      ))}
    </ul>
  );
}
