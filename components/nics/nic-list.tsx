"use client";

import { Plus } from "lucide-react";
import type { Problem } from "#components/api/request.ts";
import { Button } from "#components/ui/button.tsx";
import { classes } from "#components/ui/classes.ts";
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
        <div key={index} className={classes(index > 0 && "mt-2 border-t border-line pt-2")}>
          <NicFields
            index={index}
            nic={nic}
            choices={choices}
            withMac={withMac}
            problem={problem}
            onChange={(changed) => onChange(nics.map((old, at) => (at === index ? changed : old)))}
            onRemove={index === last ? () => onChange(nics.slice(0, -1)) : null}
          />
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
