import type { ReactNode } from "react";

/** Title of a page with what stands beside it, actions at the right, a sentence below. */
export function PageHeader({ title, mark, actions, children }: { readonly title: ReactNode; readonly mark?: ReactNode; readonly actions?: ReactNode; readonly children?: ReactNode }) {
  return (
    <div className="mb-5 flex flex-wrap items-center gap-x-3 gap-y-1">
      <h1 className="min-w-0 text-title font-semibold wrap-anywhere">{title}</h1>
      {mark}
      {actions === undefined ? null : <div className="ml-auto flex flex-wrap gap-2 max-sm:order-last max-sm:mt-2 max-sm:w-full">{actions}</div>}
      {children === undefined || children === null ? null : <p className="w-full text-soft">{children}</p>}
    </div>
  );
}
