"use client";

import { Field, fieldIds, Input, Select } from "#components/ui/field.tsx";
import { Fold } from "./fold.tsx";
import type { ImageDraft, SourceErrors } from "./source-draft.ts";
import { suggestedForm } from "./source-draft.ts";

interface Props {
  readonly image: ImageDraft;
  readonly errors: Pick<SourceErrors, "location" | "checksum" | "contentChecksum">;
  readonly hint: string | null;
  readonly onChange: (image: ImageDraft) => void;
}

const FORMATS: readonly ImageDraft["format"][] = ["raw", "qcow2"];
const COMPRESSIONS: readonly ImageDraft["compression"][] = ["none", "gzip", "xz", "zstd"];

/** Where a disk image lies, and once it lies somewhere, what it is. */
export function ImageFields({ image, errors, hint, onChange }: Props) {
  const isSet = image.location.trim() !== "";
  // What is typed again declares again what the name says, as long as nobody has said otherwise.
  const declared = suggestedForm(image.location);
  const follows = image.format === declared.format && image.compression === declared.compression;
  return (
    <>
      <Field id="image-location" label="Disk image" hint={hint} error={errors.location}>
        <Input
          {...fieldIds("image-location", { hint: hint !== null, error: errors.location !== null })}
          value={image.location}
          onChange={(event) => onChange({ ...image, location: event.target.value, ...(follows || !isSet ? suggestedForm(event.target.value) : {}) })}
          maxLength={2_048}
          placeholder="none"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          className="font-mono text-small"
        />
      </Field>
      {isSet ? (
        <>
          <Field id="image-format" label="Its format" hint="As you know it: it isn’t guessed from the file, which could lie.">
            <span className="flex flex-wrap gap-2">
              <span className="w-32">
                <Select {...fieldIds("image-format", { hint: true, error: false })} value={image.format} onChange={(event) => onChange({ ...image, format: FORMATS.find((format) => format === event.target.value) ?? "raw" })}>
                  {FORMATS.map((format) => (
                    <option key={format}>{format}</option>
                  ))}
                </Select>
              </span>
              <span className="w-40">
                <Select aria-label="Compressed with" value={image.compression} onChange={(event) => onChange({ ...image, compression: COMPRESSIONS.find((one) => one === event.target.value) ?? "none" })}>
                  {COMPRESSIONS.map((compression) => (
                    <option key={compression} value={compression}>
                      {compression === "none" ? "not compressed" : compression}
                    </option>
                  ))}
                </Select>
              </span>
            </span>
          </Field>
          <Fold title="Checksums" now={checksumsText(image)} open={errors.checksum !== null || errors.contentChecksum !== null || image.checksum !== "" || image.contentChecksum !== ""}>
            <ChecksumField id="image-checksum" label="Of the file" hint="sha256 or sha512. Empty: whatever lies there is taken." value={image.checksum} error={errors.checksum} onChange={(checksum) => onChange({ ...image, checksum })} />
            {image.format === "raw" && image.compression === "none" ? null : (
              <ChecksumField
                id="image-content-checksum"
                label="Of the disk"
                hint="Of what is written, unpacked. What was written is read back and compared in any case."
                value={image.contentChecksum}
                error={errors.contentChecksum}
                onChange={(contentChecksum) => onChange({ ...image, contentChecksum })}
              />
            )}
          </Fold>
        </>
      ) : null}
    </>
  );
}

function checksumsText({ checksum, contentChecksum }: ImageDraft): string {
  return checksum === "" && contentChecksum === "" ? "none: whatever lies there is taken" : "given";
}

export function ChecksumField({ id, label, hint, value, error, onChange }: { readonly id: string; readonly label: string; readonly hint: string; readonly value: string; readonly error: string | null; readonly onChange: (value: string) => void }) {
  return (
    <Field id={id} label={label} hint={hint} error={error}>
      <Input
        {...fieldIds(id, { hint: true, error: error !== null })}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        maxLength={140}
        placeholder="none"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        className="font-mono text-small"
      />
    </Field>
  );
}
