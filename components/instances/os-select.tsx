"use client";

import { useRouter } from "next/navigation";
import { useEffect, useRef, useTransition } from "react";
import { Field, fieldIds, Input, Select } from "#components/ui/field.tsx";
import type { ScriptPlace } from "#lib/domain/install-plan.ts";
import { NO_OS } from "./os-choice.ts";
import type { OsChoices } from "./load-choices.ts";

/** Milliseconds of stillness before definitions are searched. */
const PAUSE = 250;

interface Props {
  readonly offered: Pick<OsChoices, "choices" | "isPart">;
  /** Null: without a definition. */
  readonly value: string | null;
  /** What is searched by now. */
  readonly find: string;
  readonly hint: string;
  readonly hrefOf: (osType: string, find: string) => string;
}

/**
 * The OS definition and variant. The choice is part of the address, since everything below follows from it; so is the search,
 * which is there where a list of choices can't hold them all.
 */
export function OsSelect({ offered: { choices, isPart }, value, find, hint, hrefOf }: Props) {
  const router = useRouter();
  const [loading, startTransition] = useTransition();
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current);
    },
    [],
  );
  const go = (osType: string, search: string): void => startTransition(() => router.replace(hrefOf(osType, search), { scroll: false }));
  return (
    <>
      {isPart ? (
        <Field id="os-find" label="Find a definition" hint={`${choices.length} to choose from below.`}>
          <Input
            {...fieldIds("os-find", { hint: true, error: false })}
            type="search"
            defaultValue={find}
            placeholder="Name or title"
            maxLength={253}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => {
              const search = event.target.value;
              if (timer.current !== null) clearTimeout(timer.current);
              timer.current = setTimeout(() => go(value ?? NO_OS, search), PAUSE);
            }}
          />
        </Field>
      ) : null}
      <Field id="os-type" label="OS definition" hint={loading ? "Reading what it asks for" : hint}>
        <Select {...fieldIds("os-type", { hint: true, error: false })} className="font-mono text-small" value={value ?? NO_OS} disabled={loading} onChange={(event) => go(event.target.value, find)}>
          {choices.map(({ osType, title }) => (
            <option key={osType} value={osType}>
              {title === "" || title === osType ? osType : `${osType}: ${title}`}
            </option>
          ))}
          <option value={NO_OS}>none: a disk image or an install medium alone</option>
        </Select>
      </Field>
    </>
  );
}

/** Where its code would run, and on whose word. */
export function trustHint(osType: string | null, runs: readonly ScriptPlace[]): string {
  if (osType === null) return "No script runs. What is installed is given below.";
  const host = runs.find((run) => run.place === "host");
  if (host === undefined) return "Runs in the appliance.";
  const both = runs.some(({ place }) => place === "appliance") ? " and in the appliance" : "";
  return `Runs on the host, as root, trusted by ${host.trustedBy} on ${host.trustedAt.slice(0, 10)}${both}.`;
}
