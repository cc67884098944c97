"use client";

import { usePathname, useRouter } from "next/navigation";
import { useTransition } from "react";
import { INSTANCE_STATUS, INSTANCE_STATUSES } from "#components/status/statuses.ts";
import { paths } from "#components/paths.ts";
import type { InstancesQuery } from "#components/paths.ts";
import { Select } from "#components/ui/field.tsx";
import { SearchBox } from "#components/ui/search-box.tsx";
import type { InstanceStatus } from "#lib/domain/instance.ts";

/** Search and status. Both are in the address, so that a list can be kept and sent to somebody. */
export function InstanceFilter({ query }: { readonly query: InstancesQuery }) {
  const router = useRouter();
  const path = usePathname();
  const [, startTransition] = useTransition();
  const go = (change: Partial<InstancesQuery>): void => {
    startTransition(() => router.replace(paths.instances({ ...query, ...change, cursor: undefined }), { scroll: false }));
  };
  return (
    <div className="flex flex-wrap gap-2">
      <SearchBox label="Search by name" placeholder="Name" value={query.search ?? ""} action={path} onSearch={(search) => go({ search })} />
      <span className="w-56 max-sm:w-full">
        <Select name="status" aria-label="Status" value={query.status ?? ""} onChange={(event) => go({ status: statusOf(event.target.value) })}>
          <option value="">every status</option>
          {INSTANCE_STATUSES.map((status) => (
            <option key={status} value={status}>
              {INSTANCE_STATUS[status].word}
            </option>
          ))}
        </Select>
      </span>
    </div>
  );
}

function statusOf(value: string): InstanceStatus | undefined {
  return INSTANCE_STATUSES.find((status) => status === value);
}
