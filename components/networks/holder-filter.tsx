"use client";

import { useRouter } from "next/navigation";
import { useTransition } from "react";
import { paths } from "#components/paths.ts";
import { Select } from "#components/ui/field.tsx";
import type { AddressView } from "#lib/domain/network.ts";
import { HOLDER, HOLDERS } from "./words.ts";

/** Which addresses of a network are listed. It is in the address, so that a list can be kept and sent to somebody. */
export function HolderFilter({ network, holder }: { readonly network: string; readonly holder: AddressView["holder"] | undefined }) {
  const router = useRouter();
  const [, startTransition] = useTransition();
  return (
    <Select
      name="holder"
      aria-label="Held by"
      value={holder ?? ""}
      onChange={(event) => {
        const chosen = HOLDERS.find((one) => one === event.target.value);
        startTransition(() => router.replace(paths.network(network, { holder: chosen }), { scroll: false }));
      }}
    >
      <option value="">every holder</option>
      {HOLDERS.map((one) => (
        <option key={one} value={one}>
          {HOLDER[one]}
        </option>
      ))}
    </Select>
  );
}
