"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { request } from "#components/api/request.ts";
import type { Problem } from "#components/api/request.ts";

export interface Change {
  readonly busy: boolean;
  readonly problem: Problem | null;
  /** What was refused is no longer what stands there. */
  readonly forget: () => void;
  /** Sends a change and makes the page anew; false: it was refused, and `problem` says why. */
  readonly send: (method: "POST" | "PATCH" | "DELETE", path: string, body?: unknown) => Promise<boolean>;
}

/** One change at a time, with what was said against it. */
export function useChange(): Change {
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  return {
    busy,
    problem,
    forget: () => setProblem(null),
    send: async (method, path, body) => {
      if (busy) return false;
      setBusy(true);
      setProblem(null);
      const answer = await request(method, path, body === undefined ? {} : { body });
      setBusy(false);
      if (answer.ok) router.refresh();
      else setProblem(answer.problem);
      return answer.ok;
    },
  };
}
