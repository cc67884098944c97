import { ButtonLink } from "./button.tsx";

/** To the next part of a list, and back to its beginning. Cursors go forward only; the browser's own way back does the rest. */
export function Pager({ first, next }: { readonly first: string | null; readonly next: string | null }) {
  if (first === null && next === null) return null;
  return (
    <nav aria-label="Parts of the list" className="flex justify-end gap-2 border-t border-line px-4 py-3">
      {first === null ? null : <ButtonLink href={first}>To the beginning</ButtonLink>}
      {next === null ? null : <ButtonLink href={next}>Next</ButtonLink>}
    </nav>
  );
}
