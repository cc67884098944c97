import { Notice } from "#components/ui/notice.tsx";
import { Mono } from "#components/ui/mono.tsx";
import type { Problem } from "./request.ts";

/** An error in words, with the request's id to ask about it. */
export function ProblemNotice({ problem }: { readonly problem: Problem }) {
  return (
    <Notice kind="bad" live title={problem.detail}>
      {problem.requestId === null ? null : (
        <span className="text-small text-soft">
          Request <Mono>{problem.requestId}</Mono>
        </span>
      )}
    </Notice>
  );
}
