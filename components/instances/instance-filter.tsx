"use client";

import { Search } from "lucide-react";
import { usePathname, useRouter } from "next/navigation";
import { useEffect, useRef, useTransition } from "react";
import { INSTANCE_STATUS, INSTANCE_STATUSES } from "#components/status/statuses.ts";
import { paths } from "#components/paths.ts";
import type { InstancesQuery } from "#components/paths.ts";
import { Input, Select } from "#components/ui/field.tsx";
import { formText } from "#components/ui/form-text.ts";
import type { InstanceStatus } from "#lib/domain/instance.ts";

/** Milliseconds of stillness before the list is asked for. */
const PAUSE = 200;

/** Search and status. Both are in the address, so that a list can be kept and sent to somebody. */
export function InstanceFilter({ query }: { readonly query: InstancesQuery }) {
  const router = useRouter();
  const path = usePathname();
  const [, startTransition] = useTransition();
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const go = (change: Partial<InstancesQuery>): void => {
    startTransition(() => router.replace(paths.instances({ ...query, ...change, cursor: undefined }), { scroll: false }));
  };
  const stop = (): void => {
    if (timer.current !== null) clearTimeout(timer.current);
  };
  useEffect(() => stop, []);
  return (
    <form
      role="search"
      action={path}
      className="flex flex-wrap gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        stop();
        go({ search: formText(event.currentTarget, "search") });
      }}
    >
      <span className="relative w-72 max-w-full max-sm:w-full">
        <Search aria-hidden="true" size={14} className="pointer-events-none absolute top-[9px] left-2.5 text-soft" />
        <Input
          type="search"
          name="search"
          aria-label="Search by name"
          placeholder="Name"
          defaultValue={query.search ?? ""}
          maxLength={253}
          autoComplete="off"
          spellCheck={false}
          className="pl-8"
          onChange={(event) => {
            const search = event.target.value;
            stop();
            timer.current = setTimeout(() => go({ search }), PAUSE);
          }}
        />
      </span>
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
    </form>
  );
}

function statusOf(value: string): InstanceStatus | undefined {
  return INSTANCE_STATUSES.find((status) => status === value);
}
