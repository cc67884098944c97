"use client";

import { useRouter } from "next/navigation";
import { useTransition } from "react";
import { Field, fieldIds, Select } from "#components/ui/field.tsx";
import type { ScriptPlace } from "#lib/domain/install-plan.ts";
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

/** Where its code would run, and on whose word. */
export function trustHint(runs: readonly ScriptPlace[]): string {
  const host = runs.find((run) => run.place === "host");
  if (host === undefined) return "Runs in the appliance.";
  const both = runs.some(({ place }) => place === "appliance") ? " and in the appliance" : "";
  return `Runs on the host, as root, trusted by ${host.trustedBy} on ${host.trustedAt.slice(0, 10)}${both}.`;
}
