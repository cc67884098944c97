"use client";

import { Field, fieldIds, Input, Select } from "#components/ui/field.tsx";
import type { Medium } from "#lib/domain/install-source.ts";

interface Props {
  readonly medium: Medium;
  readonly errors: Readonly<Record<string, string>>;
  readonly onChange: (medium: Medium) => void;
}

interface TextField {
  readonly name: string;
  readonly label: string;
  readonly hint: string | null;
}

const FIELDS: readonly TextField[] = [
  { name: "cdrom_image_path", label: "CD-ROM", hint: "Address or path of an ISO image." },
  { name: "cdrom2_image_path", label: "Second CD-ROM", hint: null },
  { name: "floppy_image_path", label: "Floppy", hint: null },
  { name: "kernel_path", label: "Kernel", hint: "A path on the node; then the machine starts from it, not by its boot order." },
  { name: "initrd_path", label: "Initrd", hint: null },
  { name: "kernel_args", label: "Kernel’s arguments", hint: null },
  { name: "root_path", label: "Kernel’s root", hint: null },
];

const BOOT_ORDER: readonly (readonly [value: string, word: string])[] = [
  ["", "as the medium says"],
  ["cdrom", "CD-ROM"],
  ["floppy", "floppy"],
  ["network", "network"],
  ["disk", "disk"],
];

/** What the machine itself starts from for the time of the install, by Ganeti's names. */
export function MediumFields({ medium, errors, onChange }: Props) {
  const set = (name: string, value: string): void => {
    const { [name]: _before, ...rest } = medium;
    onChange(value === "" ? rest : { ...rest, [name]: value });
  };
  return (
    <>
      <p className="mb-1 max-w-[72ch] text-small text-soft">
        The machine starts from it on the new disk, with its own network, and finds its parameters by metadata. The install ends when its system reports, when you say so, or when the machine goes off.
      </p>
      <Field id="boot_order" label="Starts from">
        <Select {...fieldIds("boot_order", { hint: false, error: false })} value={medium["boot_order"] ?? ""} onChange={(event) => set("boot_order", event.target.value)}>
          {BOOT_ORDER.map(([value, word]) => (
            <option key={value} value={value}>
              {word}
            </option>
          ))}
        </Select>
      </Field>
      {FIELDS.map(({ name, label, hint }) => {
        const error = errors[name] ?? null;
        return (
          <Field key={name} id={name} label={label} hint={hint} error={error}>
            <Input
              {...fieldIds(name, { hint: hint !== null, error: error !== null })}
              value={medium[name] ?? ""}
              onChange={(event) => set(name, event.target.value)}
              maxLength={2_048}
              placeholder="none"
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              className="font-mono text-small"
            />
          </Field>
        );
      })}
    </>
  );
}
