"use client";

import { VisibilityIcon } from "#components/parameters/visibility-mark.tsx";
import { Field, fieldIds, Input } from "#components/ui/field.tsx";
import { ChecksumField } from "./image-fields.tsx";
import type { SourceDraft, SourceErrors } from "./source-draft.ts";

interface Props {
  readonly draft: Pick<SourceDraft, "packageUrl" | "packageChecksum">;
  readonly errors: Pick<SourceErrors, "packageUrl" | "packageChecksum">;
  /** It was fetched with a user name and password, which nobody has kept. */
  readonly needsCredentials: boolean;
  readonly onChange: (change: Partial<Pick<SourceDraft, "packageUrl" | "packageChecksum">>) => void;
  /** User name or password were typed to the end. */
  readonly onCredentials: () => void;
}

/** An archive that is laid over the installed filesystem. */
export function PackageFields({ draft, errors, needsCredentials, onChange, onCredentials }: Props) {
  const isSet = draft.packageUrl.trim() !== "";
  return (
    <>
      <p className="mb-1 max-w-[72ch] text-small text-soft">
        A .tar.gz or .tgz that is laid over the installed filesystem after the scripts, in the appliance. It is fetched anew each time and is on the node in memory only.
      </p>
      <Field id="package-url" label="Address" error={errors.packageUrl}>
        <Input
          {...fieldIds("package-url", { hint: false, error: errors.packageUrl !== null })}
          value={draft.packageUrl}
          onChange={(event) => onChange({ packageUrl: event.target.value })}
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
          <Field
            id="package-username"
            label={
              <span className="inline-flex items-center gap-1.5">
                <VisibilityIcon visibility="secret" />
                User and password<span className="sr-only">, secret</span>
              </span>
            }
            hint={needsCredentials ? "Needed, as the last time. Used by this install only, then gone from memory." : "Where its server asks for them. Used by this install only, then gone from memory."}
          >
            <span className="flex flex-wrap gap-2">
              <span className="min-w-40 flex-1">
                <Input {...fieldIds("package-username", { hint: true, error: false })} {...SEALED} data-package="username" needed={needsCredentials} placeholder={needsCredentials ? "never stored: type it again" : "user name"} onBlur={onCredentials} />
              </span>
              <span className="min-w-40 flex-1">
                <Input {...SEALED} type="password" aria-label="Password of the package" data-package="password" needed={needsCredentials} placeholder={needsCredentials ? "never stored: type it again" : "password"} onBlur={onCredentials} />
              </span>
            </span>
          </Field>
          <ChecksumField id="package-checksum" label="Checksum" hint="sha256 or sha512. Empty: whatever lies there is taken." value={draft.packageChecksum} error={errors.packageChecksum} onChange={(packageChecksum) => onChange({ packageChecksum })} />
        </>
      ) : null}
    </>
  );
}

/** Nothing may remember what is typed here; the inputs have no name, so that no form can put them into an address. */
const SEALED = { autoComplete: "off", autoCorrect: "off", autoCapitalize: "off", spellCheck: false, maxLength: 256, "data-1p-ignore": true, "data-lpignore": "true", className: "font-mono text-small" } as const;
