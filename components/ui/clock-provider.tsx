"use client";

import { useEffect } from "react";
import type { ReactNode } from "react";
import { RenderedAt, setClock } from "./clock.ts";

/** Gives the time of the page to everything below it. */
export function ClockProvider({ renderedAt, children }: { readonly renderedAt: number; readonly children: ReactNode }) {
  useEffect(() => setClock(renderedAt), [renderedAt]);
  return <RenderedAt value={renderedAt}>{children}</RenderedAt>;
}
