"use client";

import { CloudOff } from "lucide-react";
import { useConnection } from "./live-provider.tsx";

/** Says so when nothing arrives any more; quiet otherwise. */
export function ConnectionMark() {
  const lost = useConnection() === "lost";
  return (
    <span role="status" className="inline-flex items-center gap-1.5 text-small text-wait">
      {lost ? (
        <>
          <CloudOff aria-hidden="true" size={14} />
          <span>
            Not live<span className="max-sm:sr-only">, connecting again</span>
          </span>
        </>
      ) : null}
    </span>
  );
}
