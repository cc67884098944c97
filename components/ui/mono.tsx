import type { ReactNode } from "react";
import { shortDigest } from "#components/format.ts";
import { classes } from "./classes.ts";
import { CopyIcon } from "./copy-button.tsx";

/** Names, ids and addresses. */
export function Mono({ children, className }: { readonly children: ReactNode; readonly className?: string }) {
  return <span className={classes("font-mono text-small", className)}>{children}</span>;
}

/** A digest: the beginning and the end to see, the whole to copy. */
export function Digest({ digest, label = "digest" }: { readonly digest: string; readonly label?: string }) {
  return (
    <span className="inline-flex items-center whitespace-nowrap">
      <abbr title={`sha256:${digest}`} className="font-mono text-small no-underline">
        sha256:{shortDigest(digest)}
      </abbr>
      <CopyIcon text={`sha256:${digest}`} label={label} />
    </span>
  );
}
