/** Grey lines in the place of rows that are on their way. */
export function SkeletonRows({ rows = 8, label = "Loading" }: { readonly rows?: number; readonly label?: string }) {
  return (
    <div role="status" aria-label={label} className="rounded-md border border-line bg-panel">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="flex h-8 items-center gap-6 border-t border-line px-4 first:border-t-0">
          <span className="skeleton h-3 w-1/4" />
          <span className="skeleton h-3 w-1/6" />
          <span className="skeleton h-3 w-1/5" />
        </div>
      ))}
    </div>
  );
}

/** Title and rows of a page that is on its way. */
export function PageSkeleton({ rows }: { readonly rows?: number }) {
  return (
    <>
      <div aria-hidden="true" className="mb-5">
        <span className="skeleton block h-7 w-48" />
        <span className="skeleton mt-2 block h-4 w-72 max-w-full" />
      </div>
      <SkeletonRows {...(rows === undefined ? {} : { rows })} />
    </>
  );
}
