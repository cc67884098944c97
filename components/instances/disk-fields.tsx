"use client";

import { Plus, X } from "lucide-react";
import { formatMib } from "#components/format.ts";
import { Button, IconButton } from "#components/ui/button.tsx";
import { Field, fieldIds, Input } from "#components/ui/field.tsx";

const MOST_DISKS = 16;

/** Sizes of the disks of a new instance, in GiB. */
export function DiskFields({ disks, minimumMib, error, onChange }: { readonly disks: readonly string[]; readonly minimumMib: number; readonly error: string | null; readonly onChange: (disks: readonly string[]) => void }) {
  return (
    <>
      {disks.map((gib, index) => {
        const id = `disk-${index}`;
        const hint = index > 0 ? "Data: a reinstall leaves it alone." : minimumMib > 0 ? `The system's; at least ${formatMib(minimumMib)}.` : "The system's.";
        return (
          // Disks have no identity before they are made but their place.
          <Field key={index} id={id} label={`Disk ${index}, GiB`} hint={hint} error={index === 0 ? error : null}>
            <span className="flex items-center gap-1">
              <Input
                {...fieldIds(id, { hint: true, error: index === 0 && error !== null })}
                type="number"
                min={0.1}
                step={0.1}
                value={gib}
                autoComplete="off"
                onChange={(event) => onChange(disks.map((old, at) => (at === index ? event.target.value : old)))}
                className="max-w-32"
              />
              {index === 0 ? null : (
                <IconButton label={`Remove disk ${index}`} onClick={() => onChange(disks.filter((_, at) => at !== index))}>
                  <X aria-hidden="true" size={16} />
                </IconButton>
              )}
            </span>
          </Field>
        );
      })}
      {disks.length >= MOST_DISKS ? null : (
        <div className="py-1.5 sm:pl-[192px]">
          <Button onClick={() => onChange([...disks, "10"])}>
            <Plus aria-hidden="true" size={14} />
            Add a disk
          </Button>
        </div>
      )}
    </>
  );
}
