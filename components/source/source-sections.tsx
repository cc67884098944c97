"use client";

import { FormSection } from "#components/instances/form-section.tsx";
import { formatMib } from "#components/format.ts";
import { Fold } from "./fold.tsx";
import { ImageFields } from "./image-fields.tsx";
import { MediumFields } from "./medium-fields.tsx";
import { PackageFields } from "./package-fields.tsx";
import type { SourceErrors } from "./source-draft.ts";
import type { SourceForm } from "./use-source.ts";
import { mediumText } from "./words.ts";

interface ImageProps {
  readonly source: SourceForm;
  readonly errors: SourceErrors;
  /** Whether scripts run: without them, the image may confirm its first boot. */
  readonly hasScripts: boolean;
}

/** The disk image, in the part of a form that says what is installed. */
export function ImageSection({ source, errors, hasScripts }: ImageProps) {
  const { draft, change } = source;
  const isSet = draft.image.location.trim() !== "";
  return (
    <>
      <ImageFields
        image={draft.image}
        errors={errors}
        hint={isSet ? null : hasScripts ? "Optional. An address or a path on the node; it is on disk 0 before anything runs." : "An address, or a path on the node."}
        onChange={(image) => change({ image })}
      />
      {isSet && !hasScripts ? (
        <Tick
          checked={draft.confirmsFirstBoot}
          word="It configures itself at its first boot and reports when it is done"
          hint="Then the install ends with its report, and secrets are served until then. Otherwise it ends once the image is written and reads back the same."
          onChange={(confirmsFirstBoot) => change({ confirmsFirstBoot })}
        />
      ) : null}
    </>
  );
}

interface MoreProps {
  readonly source: SourceForm;
  readonly errors: SourceErrors;
  readonly needsCredentials: boolean;
  readonly onCredentials: () => void;
  /** What a reinstall may do with the disks that are there; null: a new instance. */
  readonly disks: { readonly system: number; readonly data: readonly { readonly index: number; readonly sizeMib: number; readonly name: string | null }[] } | null;
}

/** Medium, package and disks: folded, because most installs need none of them. */
export function MoreSection({ source, errors, needsCredentials, onCredentials, disks }: MoreProps) {
  const { draft, initial, change } = source;
  return (
    <FormSection title="More">
      <Fold title="Personalization package" now={draft.packageUrl.trim() === "" ? "none" : draft.packageUrl} open={initial.packageUrl !== "" || errors.packageUrl !== null || errors.packageChecksum !== null}>
        <PackageFields draft={draft} errors={errors} needsCredentials={needsCredentials} onChange={change} onCredentials={onCredentials} />
      </Fold>
      <Fold title="Install medium" now={mediumText(draft.medium)} open={Object.keys(initial.medium).length > 0 || Object.keys(errors.medium).length > 0}>
        <MediumFields medium={draft.medium} errors={errors.medium} onChange={(medium) => change({ medium })} />
      </Fold>
      {disks === null ? null : (
        <Fold title="Disks" now={disksText(draft.inPlace, draft.replaceDataDisks)} open={false}>
          <Tick
            checked={draft.inPlace}
            word="In place"
            hint={`Disk 0, ${formatMib(disks.system)}, is written to itself, for a node without room for a second one. Then nothing brings back what is on it, also where the install fails.`}
            onChange={(inPlace) => change({ inPlace })}
          />
          {disks.data.map(({ index, sizeMib, name }) => (
            <Tick
              key={index}
              checked={draft.replaceDataDisks.includes(index)}
              word={`Replace disk ${index}${name === null ? "" : `, ${name}`}, ${formatMib(sizeMib)}`}
              hint="A new, empty one takes its place. The old one is kept as long as the old system."
              onChange={(replaced) => change({ replaceDataDisks: replaced ? [...draft.replaceDataDisks, index].toSorted((a, b) => a - b) : draft.replaceDataDisks.filter((one) => one !== index) })}
            />
          ))}
        </Fold>
      )}
    </FormSection>
  );
}

function disksText(inPlace: boolean, replaced: readonly number[]): string {
  const first = inPlace ? "disk 0 in place" : "disk 0 by a new one";
  return replaced.length === 0 ? first : `${first}, and data: ${replaced.join(", ")}`;
}

function Tick({ checked, word, hint, onChange }: { readonly checked: boolean; readonly word: string; readonly hint: string; readonly onChange: (checked: boolean) => void }) {
  return (
    <label className="flex items-start gap-2.5 py-1.5 sm:pl-[192px]">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} className="mt-0.5 size-4 shrink-0 accent-accent" />
      <span className="min-w-0">
        {word}
        <span className="block max-w-[64ch] text-small text-soft">{hint}</span>
      </span>
    </label>
  );
}
