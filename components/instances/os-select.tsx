"use client";

import { useRouter } from "next/navigation";
import { useTransition } from "react";
import { Field, fieldIds, Select } from "#components/ui/field.tsx";
import type { OsChoice } from "./os-choice.ts";

/** The OS definition and variant. The choice is part of the address, since everything below follows from it. */
export function OsSelect({ choices, value, hint, hrefOf }: { readonly choices: readonly OsChoice[]; readonly value: string; readonly hint: string; readonly hrefOf: (osType: string) => string }) {
  const router = useRouter();
  const [loading, startTransition] = useTransition();
  return (
    <Field id="os-type" label="OS definition" hint={loading ? "Reading what it asks for" : hint}>
      <Select
        {...fieldIds("os-type", { hint: true, error: false })}
        className="font-mono text-small"
        value={value}
        disabled={loading}
        onChange={(event) => {
          const href = hrefOf(event.target.value);
          startTransition(() => router.replace(href, { scroll: false }));
        }}
      >
        {choices.map(({ osType, title }) => (
          <option key={osType} value={osType}>
            {title === "" || title === osType ? osType : `${osType}: ${title}`}
          </option>
        ))}
      </Select>
    </Field>
  );
}

/** Under whose word its code would run. */
export function trustHint(runs: readonly { readonly place: "appliance" | "host" }[]): string {
  return runs.some(({ place }) => place === "host") ? "Trusted: its host half runs on the host, as root." : "Not trusted: runs in the appliance.";
}
