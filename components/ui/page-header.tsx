import type { ReactNode } from "react";

/** Title of a page with what stands beside it, actions at the right, a sentence below. */
export function PageHeader({ title, mark, actions, children }: { readonly title: ReactNode; readonly mark?: ReactNode; readonly actions?: ReactNode; readonly children?: ReactNode }) {
  return (
    <div className="mb-5">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <h1 className="min-w-0 text-title font-semibold wrap-anywhere">{title}</h1>
        {mark}
        {actions === undefined ? null : <div className="ml-auto flex flex-wrap gap-2 max-sm:ml-0 max-sm:w-full">{actions}</div>}
      </div>
      {children === undefined ? null : <p className="mt-1 text-soft">{children}</p>}
    </div>
  );
}
