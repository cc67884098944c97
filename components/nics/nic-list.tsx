"use client";

import { Plus, X } from "lucide-react";
import type { Problem } from "#components/api/request.ts";
import { Button, IconButton } from "#components/ui/button.tsx";
import { INSTANCE_LIMITS } from "#lib/domain/instance-limits.ts";
import { NEW_NIC } from "./nic-draft.ts";
import type { NicDraft } from "./nic-draft.ts";
import { NicFields } from "./nic-fields.tsx";
import type { NicChoices } from "./nic-fields.tsx";

/** The NICs of an instance. They are known by their place, so that only the last one can go. `withMac`: for a new instance, whose MACs may be chosen. */
export function NicList({ nics, withMac, choices, first, problem, onChange }: { readonly nics: readonly NicDraft[]; readonly withMac: boolean; readonly choices: NicChoices; readonly first: NicDraft; readonly problem: Problem | null; readonly onChange: (nics: readonly NicDraft[]) => void }) {
  const last = nics.length - 1;
  return (
    <>
      {nics.map((nic, index) => (
        // NICs have no identity but their place.
        <div key={index} className="relative border-line not-first:mt-2 not-first:border-t not-first:pt-2">
          <NicFields index={index} nic={nic} choices={choices} withMac={withMac} problem={problem} onChange={(changed) => onChange(nics.map((old, at) => (at === index ? changed : old)))} />
          {index === last ? (
            <IconButton label={`Remove NIC ${index}`} onClick={() => onChange(nics.slice(0, -1))} className="absolute top-1.5 right-0 in-[:not(:first-child)]:top-3.5">
              <X aria-hidden="true" size={16} />
            </IconButton>
          ) : null}
        </div>
      ))}
      {nics.length >= INSTANCE_LIMITS.nics ? null : (
        <div className="py-1.5 sm:pl-[192px]">
          <Button onClick={() => onChange([...nics, nics.length === 0 ? first : { ...NEW_NIC, to: first.to, network: first.network }])}>
            <Plus aria-hidden="true" size={14} />
            Add a NIC
          </Button>
        </div>
      )}
    </>
  );
}
