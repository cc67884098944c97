"use client";

import { formatAgo, formatExact } from "#components/format.ts";
import { useNow } from "./clock.ts";

/** `21 s ago`, with the exact time on hover. */
export function RelativeTime({ at }: { readonly at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={formatExact(at)} className="whitespace-nowrap">
      {formatAgo(Date.parse(at), now)}
    </time>
  );
}
