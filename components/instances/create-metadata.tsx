"use client";

import type { RefObject } from "react";
import { UserDataInput } from "#components/communication/user-data-input.tsx";
import { formatCount } from "#components/format.ts";
import { VisibilityIcon } from "#components/parameters/visibility-mark.tsx";
import { Field, fieldIds, Textarea } from "#components/ui/field.tsx";
import { USER_DATA_BYTES } from "#lib/domain/instance-limits.ts";
import type { CreateDraft } from "./create-draft.ts";

interface Props {
  readonly draft: Pick<CreateDraft, "communication" | "sshKeys">;
  readonly sshKeysError: string | null;
  readonly userDataError: string | null;
  readonly userData: RefObject<HTMLTextAreaElement | null>;
  readonly onChange: (change: Partial<Pick<CreateDraft, "communication" | "sshKeys">>) => void;
  readonly onUserData: (bytes: number) => void;
}

/** What is wrong with user data of this many bytes; null: nothing. */
export function userDataProblem(bytes: number): string | null {
  return bytes > USER_DATA_BYTES ? `User data have ${formatCount(bytes)} bytes in UTF-8; at most ${formatCount(USER_DATA_BYTES)} fit` : null;
}

/** What the metadata service hands out to a new instance, and whether it is asked in normal running. */
export function CreateMetadata({ draft, sshKeysError, userDataError, userData, onChange, onUserData }: Props) {
  return (
    <>
      <Field id="communication" label="Communication" hint="In normal running; during an install that needs it, it is always on.">
        <label className="flex items-start gap-2.5 pt-1.5">
          <input {...fieldIds("communication", { hint: true, error: false })} type="checkbox" checked={draft.communication} onChange={(event) => onChange({ communication: event.target.checked })} className="mt-0.5 size-4 shrink-0 accent-accent" />
          The system can ask its host for its metadata, and say something to it
        </label>
      </Field>
      <Field id="sshKeys" label="SSH keys" hint={draft.communication ? "Public keys, one a line. Cloud images let them in." : "Public keys, one a line. The system finds them once communication is on."} error={sshKeysError}>
        <Textarea
          {...fieldIds("sshKeys", { hint: true, error: sshKeysError !== null })}
          value={draft.sshKeys}
          onChange={(event) => onChange({ sshKeys: event.target.value })}
          rows={2}
          placeholder="ssh-ed25519 AAAA… name@machine"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          className="font-mono text-small"
        />
      </Field>
      <details className="py-1.5">
        <summary className="rounded-sm py-1 text-soft hover:text-ink">User data</summary>
        <Field
          id="userData"
          label={
            <span className="inline-flex items-center gap-1.5">
              <VisibilityIcon visibility="private" />
              User data
              <span className="sr-only">, private</span>
            </span>
          }
          hint="A script or a configuration, as cloud-init reads it. Stored encrypted, never shown."
          error={userDataError}
        >
          <UserDataInput id="userData" inputRef={userData} hasError={userDataError !== null} onBytes={onUserData} />
        </Field>
      </details>
    </>
  );
}
