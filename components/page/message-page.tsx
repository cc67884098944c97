import type { ReactNode } from "react";
import { CopyIcon } from "#components/ui/copy-button.tsx";
import { Mono } from "#components/ui/mono.tsx";

/** A page that is only a message. */
export function MessagePage({ title, children, requestId, action }: { readonly title: string; readonly children: ReactNode; readonly requestId?: string | null; readonly action?: ReactNode }) {
  return (
    <div className="max-w-[64ch] py-8">
      <h1 className="text-title font-semibold">{title}</h1>
      <p className="mt-2 text-soft wrap-anywhere">{children}</p>
      {requestId === undefined || requestId === null ? null : (
        <p className="mt-3 text-small text-soft">
          Request <Mono>{requestId}</Mono> <CopyIcon text={requestId} label="request id" />
        </p>
      )}
      {action === undefined ? null : <div className="mt-5 flex gap-2">{action}</div>}
    </div>
  );
}
