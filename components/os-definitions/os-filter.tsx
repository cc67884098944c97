"use client";

import { useRouter } from "next/navigation";
import { useTransition } from "react";
import { paths } from "#components/paths.ts";
import { SearchBox } from "#components/ui/search-box.tsx";

/** Search by name or title. It is in the address, so that a list can be kept and sent to somebody. */
export function OsFilter({ search }: { readonly search: string | undefined }) {
  const router = useRouter();
  const [, startTransition] = useTransition();
  return (
    <SearchBox
      label="Search definitions"
      placeholder="Name or title"
      value={search ?? ""}
      action={paths.osDefinitions()}
      onSearch={(text) => startTransition(() => router.replace(paths.osDefinitions({ search: text }), { scroll: false }))}
    />
  );
}
