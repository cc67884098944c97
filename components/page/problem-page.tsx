import type { ErrorCode } from "#lib/domain/errors.ts";
import { paths } from "#components/paths.ts";
import { ButtonLink } from "#components/ui/button.tsx";
import { MessagePage } from "./message-page.tsx";

/** An operation that refused, in words. */
export function ProblemPage({ code, message, requestId }: { readonly code: ErrorCode; readonly message: string; readonly requestId: string }) {
  return (
    <MessagePage title={TITLES[code] ?? "This can't be shown"} requestId={requestId} action={<ButtonLink href={paths.overview()}>Overview</ButtonLink>}>
      {message}
    </MessagePage>
  );
}

const TITLES: Readonly<Partial<Record<ErrorCode, string>>> = {
  not_allowed: "This is for administrators",
  invalid: "This address can't be understood",
  node_unreachable: "The node doesn't answer",
  too_many_requests: "Too many requests",
};
